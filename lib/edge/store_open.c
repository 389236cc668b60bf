/* store_open */
typedef int gl_not_written_yet;
