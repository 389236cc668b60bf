#include "workload.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const mix_words[] = {
	[WORKLOAD_ALL_KNOWN] = "known",
	[WORKLOAD_ALL_NEW] = "new",
	[WORKLOAD_ALL_EXEMPT] = "exempt",
	[WORKLOAD_MIXED] = "mixed",
};

bool workload_mix_parse(enum workload_mix *mix, const char *word)
{
	for (size_t i = 0; i < sizeof mix_words / sizeof mix_words[0]; i++) {
		if (strcmp(mix_words[i], word) == 0) {
			*mix = (enum workload_mix)i;
			return true;
		}
	}
	return false;
}

const char *workload_mix_text(enum workload_mix mix)
{
	return mix_words[mix];
}

uint64_t workload_random(uint64_t seed, uint64_t number)
{
	/* Sebastiano Vigna's splitmix64: every step of the counter is a good number by itself */
	uint64_t x = seed + (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static enum workload_kind kind_of(const struct workload *workload, uint64_t number)
{
	uint64_t percent = workload_random(workload->seed, number) % 100;
	switch (workload->mix) {
	case WORKLOAD_ALL_KNOWN:
		return WORKLOAD_KNOWN;
	case WORKLOAD_ALL_NEW:
		return WORKLOAD_NEW;
	case WORKLOAD_ALL_EXEMPT:
		return WORKLOAD_EXEMPT;
	case WORKLOAD_MIXED:
		return percent < 80   ? WORKLOAD_KNOWN
		       : percent < 95 ? WORKLOAD_NEW
				      : WORKLOAD_EXEMPT;
	}
	return WORKLOAD_KNOWN;
}

void workload_known(uint32_t index, struct envelope *envelope)
{
	envelope->kind = WORKLOAD_KNOWN;
	snprintf(envelope->client, sizeof envelope->client, "10.%u.%u.%u", index & 255,
	    (index >> 8) & 255, (index >> 16) & 255);
	snprintf(envelope->sender, sizeof envelope->sender, "k%u@known.example", index);
	snprintf(envelope->recipient, sizeof envelope->recipient, "r%u@example.org", index % 1000);
}

static void new_envelope(uint64_t seed, uint64_t number, struct envelope *envelope)
{
	unsigned where = (unsigned)workload_random(seed, number);
	if ((number & 3) == 0)
		snprintf(envelope->client, sizeof envelope->client, "2001:db8:%x:%x::25",
		    where >> 16, where & 0xffff);
	else
		snprintf(envelope->client, sizeof envelope->client, "100.%u.%u.%u",
		    64 + ((where >> 24) & 63), (where >> 16) & 255, (where >> 8) & 255);
	snprintf(envelope->sender, sizeof envelope->sender, "n%" PRIu64 "x%" PRIu64 "@new.example",
	    seed, number);
	snprintf(envelope->recipient, sizeof envelope->recipient, "r%u@example.org", where % 1000);
}

static void exempt_envelope(uint64_t number, struct envelope *envelope)
{
	snprintf(
	    envelope->client, sizeof envelope->client, "198.51.100.%u", (unsigned)(number % 256));
	snprintf(envelope->sender, sizeof envelope->sender, "e%" PRIu64 "@exempt.example", number);
	snprintf(envelope->recipient, sizeof envelope->recipient, "r%u@example.org",
	    (unsigned)(number % 1000));
}

void workload_envelope(const struct workload *workload, uint64_t number, struct envelope *envelope)
{
	/* a prime above every pool: its multiples visit each index once before any twice */
	uint64_t stride = UINT64_C(2654435761);
	envelope->kind = kind_of(workload, number);
	switch (envelope->kind) {
	case WORKLOAD_KNOWN:
		workload_known((uint32_t)((number * stride + workload->seed % workload->pool) %
					  workload->pool),
		    envelope);
		break;
	case WORKLOAD_NEW:
		new_envelope(workload->seed, number, envelope);
		break;
	case WORKLOAD_EXEMPT:
		exempt_envelope(number, envelope);
		break;
	case WORKLOAD_KINDS:
		break;
	}
}

/* Each envelope is a message of its own: FNV-1a of what makes it one. */
static uint32_t message_of(const struct envelope *envelope)
{
	const char *parts[] = { envelope->client, envelope->sender, envelope->recipient };
	uint32_t sum = 2166136261u;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		for (const char *at = parts[i]; *at != '\0'; at++)
			sum = (sum ^ (uint8_t)*at) * 16777619u;
	return sum;
}

size_t workload_request(char *buffer, size_t size, const struct envelope *envelope)
{
	int len = snprintf(buffer, size,
	    "request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\n"
	    "client_address=%s\nclient_name=unknown\nclient_port=41234\n"
	    "reverse_client_name=unknown\nserver_address=192.0.2.25\nserver_port=25\n"
	    "helo_name=mail.sender.example\nsender=%s\nrecipient=%s\nrecipient_count=0\n"
	    "queue_id=\ninstance=1a2b.65f0c0de.%" PRIx32 ".0\nsize=4711\netrn_domain=\nstress=\n"
	    "sasl_method=\nsasl_username=\nsasl_sender=\nccert_subject=\nccert_issuer=\n"
	    "ccert_fingerprint=\nccert_pubkey_fingerprint=\n"
	    "encryption_protocol=TLSv1.3\nencryption_cipher=TLS_AES_256_GCM_SHA384\n"
	    "encryption_keysize=256\npolicy_context=\n\n",
	    envelope->client, envelope->sender, envelope->recipient, message_of(envelope));
	return len > 0 && (size_t)len < size ? (size_t)len : 0;
}
