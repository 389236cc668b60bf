#include "entry.h"

#include <inttypes.h>
#include <string.h>

#include "output.h"

/* Of the columns at 80 characters; what a wider terminal has more goes to the two addresses. */
enum {
	WIDTH_STATE = 7,
	WIDTH_NETWORK = 18,
	WIDTH_SENDER = 18,
	WIDTH_RECIPIENT = 17,
	WIDTH_ADDRESS = 39,
	WIDTH_COUNT = 6,
	WIDTH_TIME = 16,
	WIDTH_LINE = 80
};

enum gl_status gl_entry_read(
    struct gl_entry *entry, enum gl_table table, struct gl_span key, struct gl_span value)
{
	*entry = (struct gl_entry){ .table = table, .key = key, .value = value };
	entry->inherited = gl_key_inherited(key);
	enum gl_status status = entry->inherited ? GL_OK : gl_key_identity(&entry->identity, key);
	if (status != GL_OK)
		return status;
	if (table == GL_TABLE_CLIENT)
		return gl_client_decode(&entry->memory, value);
	return gl_record_decode(&entry->record, value);
}

void gl_entry_leave_out(struct gl_admin *admin, const struct gl_entry *entry, enum gl_status status)
{
	char client[GL_IDENTITY_TEXT];
	struct gl_identity identity;
	struct gl_out out = gl_out_into(client, sizeof client);
	if (gl_key_identity(&identity, entry->key) == GL_OK)
		gl_out_identity(&out, &identity);
	else
		gl_out_text(&out, "unknown");
	admin->left_out = true;
	gl_admin_say(admin, "an entry of client %s cannot be read: %s; left out",
	    gl_out_string(&out), gl_status_text(status));
}

struct client_text {
	char text[GL_IDENTITY_TEXT];
};

static const char *client_of(struct client_text *text, const struct gl_entry *entry)
{
	struct gl_out out = gl_out_into(text->text, sizeof text->text);
	const struct gl_network *network = &entry->identity.network;
	if (entry->inherited)
		gl_out_byte(&out, '-');
	else if (entry->table == GL_TABLE_CLIENT &&
		 network->prefix == gl_family_bits(network->base.family))
		gl_out_address(&out, &network->base);
	else
		gl_out_identity(&out, &entry->identity);
	return gl_out_string(&out);
}

/* With privacy = true the table holds no text. */
static bool is_private(const struct gl_entry *entry)
{
	return entry->record.text.len == 0;
}

static json_t *part_json(const struct gl_entry *entry, struct gl_span part)
{
	return is_private(entry) ? json_null() : gl_json_text(part);
}

static void print_part(FILE *to, const struct gl_entry *entry, struct gl_span part, unsigned width)
{
	if (is_private(entry))
		gl_print_cell(to, gl_span_of("-"), width);
	else
		gl_print_cell(to, part, width);
}

static json_t *client_json(const struct gl_entry *entry)
{
	struct client_text client;
	return entry->inherited ? json_null() : json_string(client_of(&client, entry));
}

static enum gl_state state_of(const struct gl_admin *admin, const struct gl_entry *entry)
{
	struct gl_timing timing = gl_config_timing_of(&admin->world.config, &entry->record);
	return gl_record_state(&timing, &entry->record, admin->now);
}

/* On a terminal, with blanks behind it up to `width` characters. */
static void print_state(const struct gl_admin *admin, const struct gl_entry *entry, unsigned width)
{
	static const enum gl_colour colours[] = { [GL_STATE_WAITING] = GL_YELLOW,
		[GL_STATE_PASSED] = GL_GREEN,
		[GL_STATE_EXPIRED] = GL_RED };
	enum gl_state state = state_of(admin, entry);
	const char *text = gl_state_text(state);
	gl_print_colour(admin->out, admin->colour, colours[state], text);
	fprintf(admin->out, "%*s", width > strlen(text) ? (int)(width - strlen(text)) : 0, "");
}

static int64_t retry_at(const struct gl_admin *admin, const struct gl_entry *entry)
{
	struct gl_timing timing = gl_config_timing_of(&admin->world.config, &entry->record);
	return gl_record_retry_at(&timing, &entry->record, admin->now);
}

static json_t *triplet_json(const struct gl_admin *admin, const struct gl_entry *entry)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:I, s:I}", "type",
	    "triplet", "client", client_json(entry), "sender",
	    part_json(entry, gl_record_sender(&entry->record)), "recipient",
	    part_json(entry, gl_record_recipient(&entry->record)), "state",
	    gl_state_text(state_of(admin, entry)), "first_seen",
	    gl_json_time(entry->record.first_seen), "last_seen",
	    gl_json_time(entry->record.last_seen), "passed_at",
	    gl_json_time(entry->record.passed_at), "retry_at", gl_json_time(retry_at(admin, entry)),
	    "attempts", (json_int_t)entry->record.attempts, "passes",
	    (json_int_t)entry->record.passes);
}

json_t *gl_entry_json(const struct gl_admin *admin, const struct gl_entry *entry)
{
	if (entry->table == GL_TABLE_TRIPLET)
		return triplet_json(admin, entry);
	return json_pack("{s:s, s:o, s:I, s:o, s:o}", "type", "client", "client",
	    client_json(entry), "count", (json_int_t)entry->memory.count, "last_counted",
	    gl_json_time(entry->memory.last_counted), "last_seen",
	    gl_json_time(entry->memory.last_seen));
}

static void field_time(FILE *to, int64_t when)
{
	if (when == 0)
		fputs("\t-", to);
	else
		fprintf(to, "\t%" PRId64, when);
}

static void print_tsv(const struct gl_admin *admin, const struct gl_entry *entry)
{
	struct client_text client;
	FILE *to = admin->out;
	const struct gl_record *record = &entry->record;
	if (entry->table == GL_TABLE_CLIENT) {
		fprintf(to, "client\t%s\t%" PRIu32, client_of(&client, entry), entry->memory.count);
		field_time(to, entry->memory.last_counted);
		field_time(to, entry->memory.last_seen);
		fputc('\n', to);
		return;
	}
	fprintf(to, "triplet\t%s\t", client_of(&client, entry));
	print_part(to, entry, gl_record_sender(record), 0);
	fputc('\t', to);
	print_part(to, entry, gl_record_recipient(record), 0);
	fprintf(to, "\t%s", gl_state_text(state_of(admin, entry)));
	field_time(to, record->first_seen);
	field_time(to, record->last_seen);
	field_time(to, record->passed_at);
	field_time(to, retry_at(admin, entry));
	fprintf(to, "\t%" PRIu32 "\t%" PRIu32 "\n", record->attempts, record->passes);
}

static unsigned wider(const struct gl_admin *admin)
{
	return admin->columns > WIDTH_LINE ? (admin->columns - WIDTH_LINE) / 2 : 0;
}

static void print_row(const struct gl_admin *admin, const struct gl_entry *entry)
{
	struct client_text client;
	char counted[GL_TIME_TEXT], seen[GL_TIME_TEXT];
	if (entry->table == GL_TABLE_CLIENT) {
		fprintf(admin->out, "%-*s %*" PRIu32 " %-*s %s\n", WIDTH_ADDRESS,
		    client_of(&client, entry), WIDTH_COUNT, entry->memory.count, WIDTH_TIME,
		    gl_time_short(counted, entry->memory.last_counted),
		    gl_time_short(seen, entry->memory.last_seen));
		return;
	}
	print_state(admin, entry, WIDTH_STATE);
	fprintf(admin->out, " %-*s ", WIDTH_NETWORK, client_of(&client, entry));
	print_part(
	    admin->out, entry, gl_record_sender(&entry->record), WIDTH_SENDER + wider(admin));
	fputc(' ', admin->out);
	print_part(
	    admin->out, entry, gl_record_recipient(&entry->record), WIDTH_RECIPIENT + wider(admin));
	fprintf(admin->out, " %s\n", gl_time_short(seen, entry->record.last_seen));
}

static bool written(const struct gl_admin *admin)
{
	return !ferror(admin->out);
}

bool gl_entry_print(const struct gl_admin *admin, const struct gl_entry *entry)
{
	if (admin->json)
		return gl_json_line(admin->out, gl_entry_json(admin, entry));
	if (admin->terminal)
		print_row(admin, entry);
	else
		print_tsv(admin, entry);
	return written(admin);
}

void gl_entry_heading(const struct gl_admin *admin, enum gl_table table)
{
	if (!admin->terminal || admin->json)
		return;
	if (table == GL_TABLE_CLIENT)
		fprintf(admin->out, "%-*s %*s %-*s %s\n", WIDTH_ADDRESS, "CLIENT", WIDTH_COUNT,
		    "COUNT", WIDTH_TIME, "LAST COUNTED", "LAST SEEN");
	else
		fprintf(admin->out, "%-*s %-*s %-*s %-*s %s\n", WIDTH_STATE, "STATE", WIDTH_NETWORK,
		    "CLIENT", WIDTH_SENDER + (int)wider(admin), "SENDER",
		    WIDTH_RECIPIENT + (int)wider(admin), "RECIPIENT", "LAST SEEN");
}

void gl_print_retry(const struct gl_admin *admin, int64_t when)
{
	char time[GL_TIME_TEXT], duration[GL_TIME_TEXT];
	if (when > admin->now)
		fprintf(admin->out, "%s, in %s\n", gl_time_text(time, when),
		    gl_duration_text(duration, when - admin->now));
	else
		fprintf(admin->out, "since %s\n", gl_time_text(time, when));
}

static void describe_time(const struct gl_admin *admin, const char *label, int64_t when)
{
	char text[GL_TIME_TEXT];
	fprintf(admin->out, "%-13s %s\n", label, gl_time_text(text, when));
}

static void describe_client(const struct gl_admin *admin, const struct gl_entry *entry)
{
	struct client_text client;
	const struct gl_config *config = &admin->world.config;
	bool passes = gl_client_passes(
	    &config->timing, &entry->memory, config->auto_whitelist, admin->now);
	fprintf(admin->out, "client        %s\n", client_of(&client, entry));
	fprintf(admin->out, "count         %" PRIu32 " (%" PRIu32 " needed)%s\n",
	    entry->memory.count, config->auto_whitelist, passes ? ", passes at once" : "");
	describe_time(admin, "last counted", entry->memory.last_counted);
	describe_time(admin, "last seen", entry->memory.last_seen);
}

static void describe_triplet(const struct gl_admin *admin, const struct gl_entry *entry)
{
	struct client_text client;
	const struct gl_record *record = &entry->record;
	fprintf(admin->out, "client        %s\nsender        ", client_of(&client, entry));
	print_part(admin->out, entry, gl_record_sender(record), 0);
	fputs("\nrecipient     ", admin->out);
	print_part(admin->out, entry, gl_record_recipient(record), 0);
	fputs("\nstate         ", admin->out);
	print_state(admin, entry, 0);
	fputc('\n', admin->out);
	describe_time(admin, "first seen", record->first_seen);
	describe_time(admin, "last seen", record->last_seen);
	describe_time(admin, "passed at", record->passed_at);
	if (retry_at(admin, entry) != 0) {
		fputs("retry passes  ", admin->out);
		gl_print_retry(admin, retry_at(admin, entry));
	}
	fprintf(admin->out, "attempts      %" PRIu32 "\npasses        %" PRIu32 "\n",
	    record->attempts, record->passes);
}

bool gl_entry_describe(const struct gl_admin *admin, const struct gl_entry *entry)
{
	if (admin->json || !admin->terminal)
		return gl_entry_print(admin, entry);
	if (entry->table == GL_TABLE_CLIENT)
		describe_client(admin, entry);
	else
		describe_triplet(admin, entry);
	return written(admin);
}
