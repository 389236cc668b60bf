# certificates - a client whose certificate Postfix trusts does not wait, unless greylist.conf says
# that certificates change nothing; any other certificate is as good as none.

FROM=203.0.113.7

scene() {
	mkdir "$RIG/tls"
	authority ours
	authority theirs
	certificate server ours
	certificate partner ours
	certificate stranger theirs
	self_signed alone
	conf_set delay '"1h"' # nobody passes by waiting
	postfix_make_mx
	postfix_set mx 'smtpd_tls_security_level = may' 'smtpd_tls_ask_ccert = yes' \
		"smtpd_tls_CAfile = $RIG/tls/ours.pem" 'smtpd_tls_loglevel = 1' \
		"smtpd_tls_chain_files = $RIG/tls/server.key, $RIG/tls/server.pem"
	postfix_start_mx
	trusted
	not_trusted
	ignored
	wiring
	postfix_quiet
}

# openssl_quietly COMMAND...: what it says goes to a log
openssl_quietly() {
	openssl "$@" 2>>"$RIG/log/openssl" || die "openssl $1: $(tail -n 3 "$RIG/log/openssl")"
}

# self_signed NAME [EXTENSION]: tls/NAME.key and tls/NAME.pem, its own issuer
self_signed() {
	openssl_quietly req -x509 -config <(printf '%s\n' '[req]' 'distinguished_name = dn' '[dn]') \
		-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1" \
		-addext "${2:-basicConstraints = critical, CA:FALSE}" \
		-keyout "$RIG/tls/$1.key" -out "$RIG/tls/$1.pem"
}

authority() {
	self_signed "$1" 'basicConstraints = critical, CA:TRUE'
}

# certificate NAME AUTHORITY: the same, issued by the authority
certificate() {
	self_signed "$1"
	openssl_quietly x509 -in "$RIG/tls/$1.pem" -CA "$RIG/tls/$2.pem" -CAkey "$RIG/tls/$2.key" \
		-CAcreateserial -days 2 -out "$RIG/tls/$1.new"
	mv "$RIG/tls/$1.new" "$RIG/tls/$1.pem"
}

# with NAME COMMAND...: mail goes over TLS, with that certificate; with none of them for "none"
with() {
	local SWAKS=(--tls)
	[ "$1" = none ] || SWAKS+=(--tls-cert "$RIG/tls/$1.pem" --tls-key "$RIG/tls/$1.key")
	shift
	"$@"
}

trusted() {
	with partner expect 250 "a trusted certificate" "$FROM" c1@sender.test u1@example.org trusted
	verdict pass "client certificate" "$FROM" c1@sender.test u1@example.org
	logged "what smtpd makes of it" "$MAIL_LOG" "Trusted TLS connection established from"
	is "headers of what it sent" 0 "$(header_count trusted)"
}

not_trusted() {
	with none expect 450 "TLS and no certificate" "$FROM" c2@sender.test u1@example.org
	verdict greylist new "$FROM" c2@sender.test u1@example.org
	[ -n "$(listed c2@sender.test)" ] || fail "who waits is not remembered"
	is "what is remembered of the trusted" "" "$(listed c1@sender.test)"
	expect 450 "no TLS" "$FROM" c3@sender.test u1@example.org
	verdict greylist new "$FROM" c3@sender.test u1@example.org
	not_logged "so far" "$MAIL_LOG" "Untrusted TLS connection"
	with alone expect 450 "a certificate of its own making" "$FROM" c4@sender.test u1@example.org
	verdict greylist new "$FROM" c4@sender.test u1@example.org
	logged "what smtpd makes of it" "$MAIL_LOG" "Untrusted TLS connection established from"
	with stranger expect 450 "another authority's" "$FROM" c5@sender.test u1@example.org
	verdict greylist new "$FROM" c5@sender.test u1@example.org
}

ignored() {
	conf_set client_certificates '"ignore"'
	with partner expect 450 "trusted, and ignored" "$FROM" c6@sender.test u1@example.org
	verdict greylist new "$FROM" c6@sender.test u1@example.org
	conf_set client_certificates '"pass"'
	with partner expect 250 "trusted again" "$FROM" c6@sender.test u1@example.org
	verdict pass "client certificate" "$FROM" c6@sender.test u1@example.org
}

wiring() {
	with partner expect "250 250" "two recipients" "$FROM" wiring@sender.test \
		u1@example.org,u2@example.org
	wiring_check wiring@sender.test 2
}
