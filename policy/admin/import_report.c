#include "import_report.h"

#include <inttypes.h>

#include "output.h"

char *gl_import_report_drop(struct gl_import_report *report, unsigned fault)
{
	struct gl_import_dropped *dropped = &report->dropped[fault];
	uint64_t before = dropped->count++;
	return before < GL_IMPORT_EXAMPLES ? dropped->examples[before] : NULL;
}

uint64_t gl_import_report_dropped(const struct gl_import_report *report)
{
	uint64_t sum = 0;
	for (unsigned fault = 0; fault < report->faults; fault++)
		sum += report->dropped[fault].count;
	return sum;
}

static uint64_t counted(const struct gl_import_tally *tally)
{
	return tally->taken + tally->merged + tally->unchanged + tally->known;
}

uint64_t gl_import_report_sum(const struct gl_import_report *report)
{
	return counted(&report->triplets) + counted(&report->clients) +
	       counted(&report->overrides) + gl_import_report_dropped(report);
}

static json_t *json_tally(
    const struct gl_import_report *report, const struct gl_import_tally *tally)
{
	if (report->leaves)
		return json_pack("{s:I, s:I}", "taken", (json_int_t)tally->taken, "known",
		    (json_int_t)tally->known);
	return json_pack("{s:I, s:I, s:I}", "taken", (json_int_t)tally->taken, "merged",
	    (json_int_t)tally->merged, "unchanged", (json_int_t)tally->unchanged);
}

static json_t *json_fault(const struct gl_import_report *report, unsigned fault)
{
	json_t *examples = json_array();
	const struct gl_import_dropped *dropped = &report->dropped[fault];
	for (uint64_t i = 0; i < dropped->count && i < GL_IMPORT_EXAMPLES; i++)
		json_array_append_new(examples, gl_json_text(gl_span_of(dropped->examples[i])));
	return json_pack("{s:s, s:I, s:o}", "reason", report->fault_text(fault), "count",
	    (json_int_t)dropped->count, "examples", examples);
}

static void print_json(const struct gl_admin *admin, const struct gl_import_report *report)
{
	json_t *faults = json_array();
	for (unsigned fault = 0; fault < report->faults; fault++)
		if (report->dropped[fault].count > 0)
			json_array_append_new(faults, json_fault(report, fault));
	json_t *object = json_pack("{s:o, s:o}", "triplets", json_tally(report, &report->triplets),
	    "clients", json_tally(report, &report->clients));
	if (report->takes_overrides)
		json_object_set_new(object, "overrides", json_tally(report, &report->overrides));
	json_object_set_new(object, "dropped", faults);
	if (report->interrupted)
		json_object_set_new(object, "interrupted", json_true());
	gl_json_line(admin->out, object);
}

static void print_tally(FILE *to, const struct gl_import_report *report, const char *name,
    const struct gl_import_tally *tally)
{
	fprintf(to, "%s: %" PRIu64 " taken", name, tally->taken);
	if (report->leaves)
		fprintf(to, ", %" PRIu64 " known\n", tally->known);
	else
		fprintf(to, ", %" PRIu64 " merged, %" PRIu64 " unchanged\n", tally->merged,
		    tally->unchanged);
}

static void print_fault(FILE *to, const struct gl_import_report *report, unsigned fault)
{
	const struct gl_import_dropped *dropped = &report->dropped[fault];
	fprintf(to, "  %" PRIu64 " %s, such as\n", dropped->count, report->fault_text(fault));
	for (uint64_t i = 0; i < dropped->count && i < GL_IMPORT_EXAMPLES; i++)
		fprintf(to, "    %s\n", dropped->examples[i]);
}

void gl_import_report_print(const struct gl_admin *admin, const struct gl_import_report *report)
{
	FILE *to = admin->out;
	if (admin->json) {
		print_json(admin, report);
		return;
	}
	if (report->interrupted)
		fputs("interrupted; what was done before:\n", to);
	print_tally(to, report, "triplets", &report->triplets);
	print_tally(to, report, "clients", &report->clients);
	if (counted(&report->overrides) > 0)
		print_tally(to, report, "overrides", &report->overrides);
	if (report->hashed > 0)
		fprintf(to, "hashes: %" PRIu64 " of these%s\n", report->hashed,
		    admin->world.config.postgrey_hashes
			? ""
			: "; they count only once greylist.conf has postgrey_hashes = true");
	fprintf(to, "dropped: %" PRIu64 "\n", gl_import_report_dropped(report));
	for (unsigned fault = 0; fault < report->faults; fault++)
		if (report->dropped[fault].count > 0)
			print_fault(to, report, fault);
}
