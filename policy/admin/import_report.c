#include "import.h"

#include <inttypes.h>
#include <string.h>

#include "output.h"

void gl_import_report_drop(struct gl_import_report *report, enum gl_postgrey_fault fault,
    const struct gl_postgrey_pair *pair)
{
	uint64_t before = report->dropped[fault]++;
	if (before >= GL_IMPORT_EXAMPLES)
		return;
	char *text = report->examples[fault][before];
	struct gl_out out = gl_out_into(text, GL_IMPORT_EXAMPLE_MAX);
	gl_out_printable(&out, pair->key);
	gl_out_byte(&out, ' ');
	gl_out_printable(&out, pair->value);
	gl_out_string(&out);
}

static uint64_t dropped(const struct gl_import_report *report)
{
	uint64_t sum = 0;
	for (enum gl_postgrey_fault fault = GL_POSTGREY_GOOD; fault < GL_POSTGREY_FAULTS; fault++)
		sum += report->dropped[fault];
	return sum;
}

uint64_t gl_import_report_sum(const struct gl_import_report *report)
{
	const struct gl_import_tally *a = &report->triplets;
	const struct gl_import_tally *b = &report->clients;
	return a->taken + a->merged + a->unchanged + b->taken + b->merged + b->unchanged +
	       dropped(report);
}

static json_t *json_tally(const struct gl_import_tally *tally)
{
	return json_pack("{s:I, s:I, s:I}", "taken", (json_int_t)tally->taken, "merged",
	    (json_int_t)tally->merged, "unchanged", (json_int_t)tally->unchanged);
}

static json_t *json_fault(const struct gl_import_report *report, enum gl_postgrey_fault fault)
{
	json_t *examples = json_array();
	uint64_t count = report->dropped[fault];
	for (uint64_t i = 0; i < count && i < GL_IMPORT_EXAMPLES; i++)
		json_array_append_new(
		    examples, gl_json_text(gl_span_of(report->examples[fault][i])));
	return json_pack("{s:s, s:I, s:o}", "reason", gl_postgrey_fault_text(fault), "count",
	    (json_int_t)count, "examples", examples);
}

static void print_json(const struct gl_admin *admin, const struct gl_import_report *report)
{
	json_t *faults = json_array();
	for (enum gl_postgrey_fault fault = GL_POSTGREY_GOOD; fault < GL_POSTGREY_FAULTS; fault++)
		if (report->dropped[fault] > 0)
			json_array_append_new(faults, json_fault(report, fault));
	gl_json_line(
	    admin->out, json_pack("{s:o, s:o, s:o}", "triplets", json_tally(&report->triplets),
			    "clients", json_tally(&report->clients), "dropped", faults));
}

static void print_tally(FILE *to, const char *name, const struct gl_import_tally *tally)
{
	fprintf(to, "%s: %" PRIu64 " taken, %" PRIu64 " merged, %" PRIu64 " unchanged\n", name,
	    tally->taken, tally->merged, tally->unchanged);
}

void gl_import_report_print(const struct gl_admin *admin, const struct gl_import_report *report)
{
	if (admin->json) {
		print_json(admin, report);
		return;
	}
	print_tally(admin->out, "triplets", &report->triplets);
	print_tally(admin->out, "clients", &report->clients);
	if (report->hashed > 0)
		fprintf(admin->out, "hashes: %" PRIu64 " of these%s\n", report->hashed,
		    admin->world.config.postgrey_hashes
			? ""
			: "; they count only once greylist.conf has postgrey_hashes = true");
	fprintf(admin->out, "dropped: %" PRIu64 "\n", dropped(report));
	for (enum gl_postgrey_fault fault = GL_POSTGREY_GOOD; fault < GL_POSTGREY_FAULTS; fault++) {
		uint64_t count = report->dropped[fault];
		if (count == 0)
			continue;
		fprintf(admin->out, "  %" PRIu64 " %s, such as\n", count,
		    gl_postgrey_fault_text(fault));
		for (uint64_t i = 0; i < count && i < GL_IMPORT_EXAMPLES; i++)
			fprintf(admin->out, "    %s\n", report->examples[fault][i]);
	}
}
