/* rules_stamp */
typedef int gl_not_written_yet;
