"""The mutations of mutation.py: one rule broken by each."""

from collections import namedtuple

Mutation = namedtuple("Mutation", "file rule old new tests")

CORE = "src/core/"
NGX = "src/nginx/"

MUTATIONS = []


def core(file, tests, *rows):
    for rule, old, new in rows:
        MUTATIONS.append(Mutation(
            f"{CORE}{file}.cc", rule, old, new,
            [f"unit:{t}" for t in tests.split()]))


def nginx(file, tests, *rows):
    for rule, old, new in rows:
        MUTATIONS.append(Mutation(
            f"{NGX}{file}.cc", rule, old, new,
            [f"t:{t}" for t in tests.split()]))


core("idt_token/policy", "policy validator",
     ("issuer equal", "if (*iss == p.issuer) {", "if (true) {"),
     ("audience holds ours", "!audiences.well_formed || !audiences.ours",
      "!audiences.well_formed"),
     ("audience of strings", "!audiences.well_formed || !audiences.ours",
      "!audiences.ours"),
     ("further audiences trusted",
      "return audiences.untrusted ? Error::audience_untrusted : Error::ok;",
      "return Error::ok;"),
     ("any audience only if said", "!p.trust_any_audience &&", "false &&"),
     ("azp where any audience is trusted",
      "p.trust_any_audience ? Error::azp_missing", "false ? Error::azp"),
     ("azp equal", "name && (*name == p.client_id ||", "name && (true ||"),
     ("azp of an authorized party", "|| holds(p.authorized_parties, *name)", ""),
     ("azp a string", "return ours ? Error::ok : Error::azp;",
      "return ours || !name ? Error::ok : Error::azp;"),
     ("null is absent", "value.is(JsonKind::null) ? JsonView() : value",
      "value"),
     ("subject there", 'c.find("sub").string();',
      'c.find("sub").string().value_or("x");'),
     ("subject not empty", "sub->empty() || ", ""),
     ("subject length", "sub->size() > kMaxSubjectBytes",
      "sub->size() > kMaxSubjectBytes + 1"),
     ("subject without C0", "byte(i) < 0x20 || ", ""),
     ("subject without DEL", "byte(i) == 0x7f ||", "false ||"),
     ("subject without C1", "byte(i + 1) < 0xa0", "false"),
     ("subject, C1 alone", "byte(i + 1) < 0xa0", "true"),
     *[(f"kind, {claim}", f'{{"{claim}", ', f'{{"{claim}-", ')
       for claim in ("appid", "cid", "client_id", "events", "token_use", "typ",
                     "tokenName", "token_name", "token_type", "idtyp",
                     "appidacr", "azpacr")],
     ("kind, a string", "if (!text) {", "if (false) {"),
     ("kind, ours", "return *text == p.client_id;", "return true;"),
     ("kind, the word", "return *text == row.word || *text == row.other_word;",
      "return true;"),
     ("kind, case of the word",
      "return *text == row.word || *text == row.other_word;",
      "return equal_ignoring_case(*text, row.word) ||\n"
      "equal_ignoring_case(*text, row.other_word);"),
     ("kind, the word in any case", "return equal_ignoring_case(*text, row.word)",
      "return true"),
     ("kind, nothing allowed", "case Allows::nothing:\n            break;",
      "case Allows::nothing:\n            return true;"),
     ("scope needs a nonce", 'claim(c, "scope") || claim(c, "scp")', "false"),
     ("scope, scp", 'claim(c, "scope") || claim(c, "scp")',
      'claim(c, "scope")'),
     ("scope, scope", 'claim(c, "scope") || claim(c, "scp")',
      'claim(c, "scp")'),
     ("scope, nonce", '!c.find("nonce").string()', "true"),
     ("scope, nonce a string", '!c.find("nonce").string()',
      '!c.find("nonce")'),
     ("exp there", "if (!exp) {\n        return Error::exp;",
      "if (!exp) {\n        exp = 1e18;"),
     ("iat there", "if (!iat) {\n        return Error::iat;",
      "if (!iat) {\n        iat = 0;"),
     ("nbf a number", "if (!times.nbf) {", "if (false) {"),
     ("auth_time there", "if (!p.max_auth_age) {",
      "if (!p.max_auth_age || !t.auth_time) {"),
     ("expired", "at < t.exp + leeway", "at <= t.exp + leeway"),
     ("expired, leeway", "at < t.exp + leeway", "at < t.exp"),
     ("iat in the future", "t.iat <= at + leeway", "t.iat <= at + leeway + 1"),
     ("max_age", "static_cast<double>(*p.max_age) + leeway",
      "static_cast<double>(*p.max_age) + leeway + 1"),
     ("nbf", "at + leeway >= *t.nbf", "at + leeway + 1 >= *t.nbf"),
     ("auth_time in the future", "*t.auth_time <= at + leeway", "true"),
     ("max_auth_age", "static_cast<double>(*p.max_auth_age) + leeway",
      "static_cast<double>(*p.max_auth_age) + leeway + 1"))

core("idt_jose/jws", "jws validator",
     ("token length", "token.size() > kMaxTokenBytes", "false"),
     ("header not empty", "header->empty() || rest.empty()", "rest.empty()"),
     ("signature not empty", "header->empty() || rest.empty()",
      "header->empty()"),
     ("payload alphabet", "!is_base64url(*payload) ||", ""),
     ("crit", 'if (header.crit) {', "if (false) {"),
     ("b64", "header.b64 && header.b64.boolean() != true", "false"),
     ("zip", 'if (header.zip) {', "if (false) {"),
     ("kid a string", 'if (header.kid && !out.kid) {',
      "if (false) {"),
     ("cty", "return type && !names_jwt(*type);", "return true;"),
     ("typ", ': equal_ignoring_case(*type, "jose");', ": true;"),
     ("spoiled header", "if (json->has_spoiled()) {", "if (false) {"),
     ("alg known", "if (out.algorithm == nullptr ||",
      'if (out.algorithm == nullptr) out.algorithm = find_algorithm("RS256");\n'
      "    if ("),
     ("allow-list", "|| !allowed.has(*out.algorithm)", ""))

core("idt_base/base64url", "base64url jws vectors",
     ("length 1 mod 4", "if (outsiders != 0 || rest == 1) {",
      "if (outsiders != 0) {"),
     ("alphabet", "if (outsiders != 0 || rest == 1) {", "if (rest == 1) {"),
     ("unused bits", "return (bits & unused) != 0 ? kBad : bits;",
      "return bits;"))

core("idt_lib/json", "json jws",
     ("duplicates", "JSON_REJECT_DUPLICATES", "0"))

core("idt_lib/payload_reader", "payload",
     ("members compared", "&& count < kListed && known(", "&& false && known("),
     ("many members compared", "return count <= kListed || !has_twins(at)",
      "return true || !has_twins(at)"),
     ("depth", "return ++depth_ <= kMaxJsonDepth ||",
      "return ++depth_ <= kMaxJsonDepth + 1 ||"),
     ("nothing behind it", "if (p_ != end_) {", "if (false) {"),
     ("an object", "if (*p_ != '{') {", "if (false) {"),
     ("a comma is followed by something", "} while (take(','));\n        if (!take(']')) {",
      "} while (take(',') && *p_ != ']');\n        if (!take(']')) {"),
     ("no leading zero", "if (!take('0') && !digits()) {", "if (!digits()) {"),
     ("digits of a fraction", "kind = JsonKind::real;\n        if (!digits()) {",
      "kind = JsonKind::real;\n        if (!digits() && false) {"),
     ("overflow", "&& !nearest_double(node.bytes())", "&& false"),
     ("an array with a spoiled element", "exact = exact && nodes_[element].exact;", ""),
     ("spoiled names", "node.nameless = name.spoiled;", ""))

core("idt_lib/payload_string", "payload",
     ("NUL", "spoiled || code == 0 || is_surrogate(code)",
      "spoiled || is_surrogate(code)"),
     ("lone surrogates", "spoiled || code == 0 || is_surrogate(code)",
      "spoiled || code == 0"),
     ("pairs", "if (is_low_surrogate(low)) {", "if (false) {"),
     ("control characters", "(bytes - each_byte(0x20))", "0"),
     ("hexadecimal digits", "lower <= 'f'", "lower <= 'g'"))

core("idt_lib/payload_node", "payload",
     ("null is absent", "return n->kind == JsonKind::null ? nullptr : n;", "return n;"),
     ("nobody reads a spoiled name", " && !n->nameless) {", ") {"))

core("idt_base/utf8", "payload",
     ("overlong, two bytes", "first < 0xc2", "first < 0xc0"),
     ("overlong, three", "(first == 0xe0 && second < 0xa0)", "false"),
     ("surrogates", "(first == 0xed && second > 0x9f)", "false"),
     ("overlong, four", "(first == 0xf0 && second < 0x90)", "false"),
     ("beyond the last", "(first == 0xf4 && second > 0x8f)", "false"))

core("idt_base/number", "payload number",
     ("tiny is nought", "if (is_tiny(number)) {", "if (false) {"),
     ("huge is none", "if (is_tiny(number)) {", "if (true) {"))

core("idt_jose/header_cost", "jws",
     ("header size", "text.size() > kMaxHeaderBytes", "false"),
     ("header cost", "return dear <= kMaxDearBytes;", "return true;"),
     ("header cost without a string",
      "return dear + text.size() <= kMaxDearBytes;", "return true;"),
     ("header cost, escapes", "c == '\"' || c == '\\\\' ?", "c == '\"' ?"),
     ("header cost, not ASCII", "c > 0x7e ||", ""),
     ("header cost, outside of strings", "dear += open + 2 +",
      "dear += 2 +"),
     ("header cost, quotes", "dear += open + 2 +", "dear += open +"),
     ("header cost, an escaped quote", "backslashes % 2 == 1", "false"),
     ("header cost, an escaped backslash", "backslashes % 2 == 1",
      "backslashes > 0"))

core("idt_jose/jwk", "jwk",
     ("private members", "if (has_private_members(jwk)) {", "if (false) {"),
     ("use", 'use && use.string() != "sig"', "false"),
     ("key_ops", "if (!allows_verify(", "if (false && !allows_verify("),
     ("RSA too small", "bits < kMinRsaBits", "bits < kMinRsaBits - 8"),
     ("RSA too large", "bits > kMaxRsaBits", "false"),
     ("RSA even", "if (!is_odd(*n)) {", "if (false) {"),
     ("RSA exponent 1", '|| *e == "\\x01"', ""),
     ("RSA exponent even", "!is_odd(*e) ||", ""),
     ("RSA exponent bounded", "kMaxExponentBitsOfLong : kMaxExponentBits)",
      "kMaxExponentBitsOfLong : kMaxExponentBits + 1)"),
     ("RSA exponent beside a long modulus", "bits > kLongRsaBits ?",
      "bits > kLongRsaBits + 1 ?"),
     ("RSA bits", "std::bit_width(first)", "8 + 0 * first"),
     ("null is absence",
      "return value.is(JsonKind::null) ? JsonView() : value;",
      "return value;"),
     ("point on the curve", "if (!curves.holds(*curve, point)) {",
      "if (false) {"),
     ("EC coordinate x", "x->size() != curve->coordinate_size", "false"),
     ("EC coordinate y", "y->size() != curve->coordinate_size", "false"),
     ("Ed25519 length", "x->size() != kEd25519KeySize", "x->size() < 31"),
     ("small order", "if (has_small_order(*x)) {", "if (false) {"),
     ("alg fits the kind", "&& key.algorithm->key == key.kind", ""))

core("idt_jose/jwks", "jwks vectors",
     ("keys of the very kid", "if (kid == nullptr) {", "if (true) {"),
     ("a key that fits", "if (!key->fits(algorithm)) {", "if (false) {"),
     ("a key of that length", "if (key->signature_size == signature_size) {",
      "if (true) {"),
     ("a usable key", "return set_->keys_.empty() ?", "return false ?"),
     ("entries have a size", "element.value.size() > kMaxKeyBytes",
      "element.value.size() > kMaxKeyBytes + 1"),
     ("steps end", "if (cost > work && work < all) {", "if (false) {"),
     ("half a pair told", "if (flaws.surrogate) {", "if (false) {"),
     ("a PEM told", "is_pem(without_bom(document_))", "false"),
     ("certificates told", "!members.empty() && is_certificate(",
      "false && is_certificate("),
     ("at most four", "if (candidates.count < kMaxKeysTried) {",
      "if (candidates.count < 1) {"),
     ("memos bounded", "memos_.size() >= kMaxMemos ||", ""))

core("idt_jose/signature", "signature validator",
     ("length", "if (signature.size() != key.signature_size) {", "if (false) {"),
     ("key fits", "if (!key.fits(algorithm)) {", "if (false) {"),
     ("result is 1", "if (result == 1) {", "if (result >= 0) {"),
     ("PSS padding", "EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING)",
      "EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING)"),
     ("PSS salt", "ctx, RSA_PSS_SALTLEN_DIGEST", "ctx, RSA_PSS_SALTLEN_AUTO"))

core("idt_base/json_string", "json_split",
     ("overlong UTF-8", "low = first == 0xe0 ? 0xa0 : low;", ""),
     ("surrogates in UTF-8", "high = first == 0xed ? 0x9f : high;", ""),
     ("half a pair", "return unit && is_low(*unit) ? unit", "return unit ? unit"))

core("idt_lib/json_split", "json_split jwks",
     ("half a pair", "flaws_.surrogate |= read->is_half_a_pair();", ""),
     ("member twice", "if (at != level.names.end() && *at == name) {",
      "if (false) {"),
     ("names unescaped", "    if (escaped_) {", "    if (false) {"),
     ("members bounded", "level.names.size() == kMaxJsonMembers",
      "level.names.size() == kMaxJsonMembers + 1"),
     ("depth bounded", "if (depth_ == kMaxJsonDepth) {",
      "if (depth_ == kMaxJsonDepth + 1) {"),
     ("leading zero", "(zero && whole > 1)", "false"),
     ("digits of a fraction", "        if (digits() == 0) {\n            return fail(JsonSplitError::syntax);\n        }\n    }\n    if (next_is(\"eE\")) {",
      "        digits();\n    }\n    if (next_is(\"eE\")) {"),
     ("control characters", "c < 0x20", "c < 0x1f"),
     ("NUL in a name", "flaws_.nul_name |= is_name_ && read->code == 0;", ""),
     ("brackets match", "if (c != (levels_[depth_ - 1].object ? '}' : ']')) {",
      "if (c != '}' && c != ']') {"),
     ("nothing behind it", "if (expect_ != Expect::end) {", "if (false) {"),
     ("the array of that name", "member_name_ == array_", "true"),
     ("a string that is whole", "member->flaws.surrogate", "false"))

core("idt_lib/openssl", "signature",
     ("errors from before", "if (before_ != 0) {", "if (false) {"))

core("idt_token/validator", "validator vectors",
     ("allow-list of another policy", "policy.algorithms.has(*header.algorithm)",
      "true"),
     ("signature", "if (error != Error::signature) {", "if (true || error != Error::ok) {\n            return Error::ok;"),
     ("verifications bounded", "if (verifications_left == 0) {", "if (false) {"),
     ("verifications counted", "        verifications_left--;\n", ""),
     ("length told from an unknown key", "candidates.other_length ?", "false ?"),
     ("times on a hit", "Error error = check_times(token.times(), policy, now);",
      "Error error = Error::ok; (void) now;"),
     ("issuer", "Error error = check_issuer(c, p);", "Error error = Error::ok;"),
     ("audience", "error = check_audience(c, p);", "error = Error::ok;"),
     ("azp", "error = check_azp(c, p);", "error = Error::ok;"),
     ("subject", "error = check_subject(c);", "error = Error::ok;"),
     ("kind", "error = check_kind(c, p);", "error = Error::ok;"),
     ("times", "error = check_times(*times, p, now);", "error = Error::ok;"),
     ("refetch for an unknown kid", "return candidates.kid_known ? ", "return true ? "),
     ("refetch for a replaced key", "        case Error::signature_length:\n", ""))

core("idt_base/siphash", "siphash",
     ("length", "word_of(text) | length << 56", "word_of(text)"))

core("idt_keys/kid_table", "kid_table",
     ("whole kid", "return siphash(secret, *kid) | 1;",
      "return siphash(secret, kid->substr(0, 64)) | 1;"))

core("idt_keys/lease", "lease",
     ("owners lost", "++lost_;", ""),
     ("given back", "} else if (owner_ != 0) {", "} else {"),
     ("a number for each", "return ++number_;", "return number_;"))

core("idt_token/token_cache", "token_cache validator",
     ("policy", "t->policy_id_ == policy_id && ", ""),
     ("keys", "t->keys_id_ == keys_id &&", ""),
     ("every byte", "t->token() == token", "t->token().size() == token.size()"),
     ("bound", "make_room(size);", ""))

core("idt_token/candidates", "candidates",
     ("an empty value is none", "candidate.token.empty() || too_many_",
      "too_many_"),
     ("equal values are one", "too_many_ || merge(candidate)", "too_many_"),
     ("an equal one is the header's",
      "            left_[i] = candidate;\n        }\n        return true;",
      "        }\n        return true;"),
     ("a sole candidate is sifted once there is another",
      "count_ != 0 && passes(left_[0]) ? 1 : 0", "count_"),
     ("what has no form is dropped", "if (!passes(candidate)) {",
      "if (!passes(candidate) && false) {"),
     ("four candidates", "if (count_ == kMaxCandidates) {\n"
      "        too_many_ = true;", "if (count_ == kMaxCandidates) {"),
     ("the first that was dropped", "if (!dropped_) {\n        dropped_ =",
      "{\n        dropped_ ="),
     ("two subjects", "a.issuer == b.issuer && a.subject == b.subject",
      "a.issuer == b.issuer"),
     ("two issuers", "a.issuer == b.issuer && a.subject == b.subject",
      "a.subject == b.subject"),
     ("the Authorization header's counts",
      "return b.carrier != Carrier::authorization;", "return false;"),
     ("the latest counts", "return a.issued_at > b.issued_at;",
      "return a.issued_at < b.issued_at;"),
     ("the first of one second", "return a.issued_at > b.issued_at;",
      "return a.issued_at >= b.issued_at;"),
     ("503 before the reason of the first", "if (is_unjudged(judged[i].error)) {",
      "if (false) {"),
     ("stale only where optional", "optional && is_stale(", "is_stale("),
     ("a stale cookie, not a bearer", "return carrier == Carrier::cookie &&",
      "return carrier != Carrier::header &&"),
     ("a stale cookie, not another header",
      "return carrier == Carrier::cookie &&",
      "return carrier != Carrier::authorization &&"),
     ("bad is not stale", "error == Error::key_unknown);",
      "error == Error::key_unknown || error == Error::signature);"),
     ("what was dropped is refused all the same",
      "if (!choice.index && dropped != nullptr) {", "if (false) {"),
     ("a bearer's characters", "shapeless && !is_token68(token)",
      "!shapeless && !is_token68(token)"))

core("idt_token/cookies", "cookies",
     ("a piece's leading zero", "(digits.size() == 2 && (digits[0] == '0' ||",
      "(digits.size() == 2 && (false ||"),
     ("32 pieces", "n < kMaxPieces ?", "n <= kMaxPieces ?"),
     ("in any case", "'_' : lower(c);", "'_' : c;"),
     ("a dot for an underscore", "c == '.' || c == ' '", "c == ' '"),
     ("an escaped name", "if (c == '%' &&", "if (c == '&' &&"),
     ("an array", "if (c == '[' || c == '\\0') {", "if (c == '\\0') {"),
     ("pieces that we do not read", "return digits;\n}", "return false;\n}"),
     ("behind a comma", "&& text[begin - 1] != ','", ""),
     ("behind white space", "return c == ' ' || c == '\\t' ||",
      "return c == '\\t' ||"),
     ("each equals sign", "equals = part.find('=', equals + 1)) {",
      "equals = part.npos) {"),
     ("64 KiB", "if (size > kMaxTokenBytes) {", "if (false) {"),
     ("a missing piece", "set.error = Error::credentials_malformed;\n"
      "        return set;", ""),
     ("emptied pieces behind the last", "count = p.value.empty() ? count :",
      "count = false ? count :"),
     ("sets of two paths", "if (!has_rivals(pieces_)) {", "if (true) {"),
     ("pieces are bounded", "if (pieces_.size() == kMaxPieceCookies) {",
      "if (false) {"),
     ("what is dropped", "            dropped = true;\n            continue;",
      "            dropped = true;"))

core("idt_token/header_names", "header_names",
     ("in every spelling", "return fold(a) == fold(b);",
      "return lower(a) == lower(b);"),
     ("up to a bracket",
      "return name.size() == ours.size() || !is_name_char(name[ours.size()]);",
      "return name.size() == ours.size();"),
     ("Sec-*", 'return !lowered.starts_with("sec-") &&', "return"),
     ("Proxy-*", '!lowered.starts_with("proxy-") &&', ""),
     ("reserved names",
      "std::find(kReserved.begin(), kReserved.end(), lowered) ==\n"
      "               kReserved.end();", "true;"))

core("idt_token/csrf", "csrf",
     ("WebSocket", 'equal_ignoring_case(name, "websocket")', "false"),
     ("two Upgrade headers", "safe_method && upgrade.count <= 1",
      "safe_method"),
     ("Sec-Fetch-Site", 'evidence.site.value == "same-origin"',
      'evidence.site.value != ""'),
     ("one Origin", "if (!evidence.origin.once()) {", "if (false) {"),
     ("own origin", "own_origin(evidence.https, evidence.host.value) == origin",
      "true"),
     ("Sec-Fetch-Site before the own origin",
      "if (evidence.site.count != 0 || evidence.host.count > 1) {",
      "if (evidence.host.count > 1) {"),
     ("one Host", "if (evidence.site.count != 0 || evidence.host.count > 1) {",
      "if (evidence.site.count != 0) {"),
     ("preflight without credentials", "!fields.credentials &&", ""),
     ("preflight without cookies", "&&\n           fields.cookie.count == 0",
      ""))

core("idt_token/nonce", "nonce",
     ("nothing matches nothing", "if (nonce.empty() || value.empty()) {",
      "if (false) {"),
     ("a hash is not the value", "if (!may_be_sha256(nonce)) {",
      "if (!may_be_sha256(nonce) || nonce == value) {"),
     ("hexadecimal", "equal(nonce, hex(hash));", "false;"))

core("idt_token/credentials", "credentials",
     ("token68", "!is_token68(**token)", "false"),
     ("one cookie a pair", "rest.find(';')", "rest.find(',')"))

core("idt_keys/discovery", "discovery",
     ("issuer equal", "if (*theirs != issuer) {", "if (false) {"),
     ("https to https", "is_https(issuer) && !is_https(*url)", "false"))

core("idt_keys/http_response", "http_response",
     ("reasons of token endpoints alone", "kind_ == Kind::token && (status_", "(status_"),
     ("folded fields", "field_ += trim(line);", ""),
     ("no field to fold", "if (field_.empty()) {", "if (false) {"))

core("idt_keys/http_request", "http_request",
     ("framing is ours", "equal_ignoring_case(name, other);", "name == other;"),
     ("one line", "is_printable(value) && trim", "trim"),
     ("credentials of one line", "!is_printable(user_and_password)", "false"),
     ("scheme", "a.https == b.https && a.port", "a.port"),
     ("port", "a.port == b.port && a.host", "a.host"))

core("idt_keys/race", "race",
     ("families take turns", "found[i].family == found[0].family", "true"),
     ("behind the failed one", "failed + 1, order.end()", "failed, order.end()"),
     ("the one that answered first", "known, known + 1);", "known, known);"),
     ("not before its turn", "running_ != 0 && now < next_start_", "false"),
     ("four at once", "running_ == kMaxRacing ? drop(oldest())",
      "false ? drop(oldest())"),
     ("the oldest makes room", "begun_[i] < begun_[oldest]", "false"),
     ("at once after a failure",
      "next_start_ = std::numeric_limits<std::int64_t>::min();", ""),
     ("losers have another turn", "lanes_[i] = Lane::waiting;",
      "lanes_[i] = Lane::out;"),
     ("half of the time", "(deadline_ - now) / 2, kMin", "(deadline_ - now), kMin"))

core("idt_keys/resolv", "resolv",
     ("ndots", "complete || dots >= conf.ndots", "complete || dots > conf.ndots"),
     ("complete names", "!complete && name.size()", "name.size()"),
     ("the last list", "    conf.search.clear();\n", ""))

core("idt_keys/saved_keys", "saved_keys",
     ("digest", "*digest != sha256_hex(text)", "false"),
     ("origin", "if (!skip(text, origin_lines(origin))) {",
      "if (!skip(text, origin_lines(origin)) && false) {"),
     ("future", "*fetched_at > now", "false"),
     ("too old", "now - *fetched_at >= max_stale", "now - *fetched_at > max_stale"))

core("idt_keys/demand", "demand demand_traffic",
     ("a fetch from before has not looked", "kids_.put(kid, began_ + 1);\n    return began_ + 1;",
      "kids_.put(kid, began_ + 1);\n    return began_;"),
     ("a failed fetch has not looked", "looked_ = began_;", "looked_ = began_ + 1;"),
     ("a cached answer has not looked", "if (fresh_ != 0) {", "if (true) {"),
     ("a look is not good for ever", "now - looked_at_ < good_for", "true"),
     ("bucket", "if (full - now > (kBucketSize - 1) * rules.min_interval) {",
      "if (full - now > kBucketSize * rules.min_interval) {"),
     ("refill", "bucket_ = full + rules.min_interval;", "bucket_ = full;"),
     ("a sweep empties the bucket", "if (wanted_ != 0) {\n        bucket_ =",
      "if (false) {\n        bucket_ ="),
     ("pause before a sweep", "now < began_at_ + kSweepPause", "false"),
     ("who is put off has a sweep", "    wanted_ = 1;\n    return is_paused(now)",
      "    return is_paused(now)"),
     ("bucket of replaced keys", "const bool empty = now < replaced_;",
      "const bool empty = false;"),
     ("who waits with others for a replaced key", "if (empty && !expected) {",
      "if (empty) {"),
     ("withdrawn kids", "if (withdrawn_.find(kid) != 0) {", "if (false) {"),
     ("without keys the bucket breaks the back-off",
      "!in_backoff || draw(now, rules)", "!in_backoff"),
     ("bucket after a reload", "bucket_ = std::min(bucket_, now + kBucketSize",
      "bucket_ = std::max(bucket_, now + kBucketSize"))

core("idt_keys/refresh", "refresh",
     ("pauses without keys",
      "holds(now, rules) ? fetched_at + rules.max_stale - now : 0;",
      "kLongestBackoff;"),
     ("a reload tries at once", "not_before = now;\n        next_fetch = now;", ""),
     ("what is given up is no failure", "pause(now, rules, given_up, random);",
      "failed(now, rules, random);"),
     ("not below min_interval", "return std::max(rules.min_interval, interval);",
      "return interval;"))

core("idt_token/origin", "origin",
     ("port", "origin.port = *port;", ""),
     ("brackets", "if (bracketed != (host.back() == ']')) {", "if (false) {"))

core("idt_token/claim_rule", "claim_rule",
     ("absent meets nothing", "if (!operand.present()) {\n        return false;",
      "if (!operand.present()) {\n        return op.negated;"),
     ("numbers alone", "if (!left || !right) {\n            return false;",
      "if (!left || !right) {\n            return op.negated;"))

core("idt_keys/url", "url",
     ("loopback alone", "return url.host == \"localhost\" || is_loopback_address(url.host)",
      "return true || is_loopback_address(url.host)"))

core("idt_mint/assertion", "assertion",
     ("a key that failed is read anew", "key.drop_signer();", ""))
core("idt_lib/digest", "digest",
     ("every byte equal", "a.size() == b.size() &&\n           CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0",
      "a.size() == b.size()"))

core("idt_revoke/revocation", "revocation",
     ("lengths apart", "to.push_back(static_cast<char>(text.size() >> shift & 0xff));", "to.push_back('x');"),
     ("kinds apart", "bytes.push_back(label);", ""),
     ("providers apart", "std::string bytes(provider.begin(), provider.end());", "std::string bytes;"),
     ("one sub", "kind == RevokedKind::sub_without_sid ? RevokedKind::sub : kind", "kind"),
     ("a cut is never early", "std::ceil(std::clamp(", "std::floor(std::clamp("),
     ("whose nonce", "labelled(provider, 'n', names.sub, *names.nonce)", "labelled(provider, 'n', *names.nonce, {})"),
     ("nonces are no tokens", "labelled(provider, 't', ", "labelled(provider, 'n', "),
     ("the nonce first", "!marks.has_nonce && marks.has_jti", "marks.has_jti"))

core("idt_revoke/list_entries", "revocation_list",
     ("iat up to the cut", "!(iat > static_cast<double>(cut))", "iat < static_cast<double>(cut)"),
     ("NaN is before all", "!(iat > static_cast<double>(cut))", "iat <= static_cast<double>(cut)"),
     ("over", "place == 0 || now >= at(place).revocation.until", "place == 0"),
     ("all", "is_cut(RevokedKind::all, {}) ||", ""),
     ("watermark", "is_cut(RevokedKind::watermark, {}) ||", ""),
     ("sub", "is_cut(RevokedKind::sub, marks.sub) ||", ""),
     ("a sid is not asked for its sub", "(marks.has_sid ? is_cut(RevokedKind::sid, marks.sid)", "(is_cut(RevokedKind::sid, marks.sid) ? true"),
     ("session", "is_named(RevokedKind::session, marks.session) ||", ""),
     ("jti", "(marks.has_jti && is_named(RevokedKind::jti, marks.jti))", "false"),
     ("every provider's", "(watermark_of_all() != 0 &&\n            is_before(marks.iat, watermark_of_all())) ||", ""),
     ("over is not added", "now >= r.until || ", ""),
     ("newest cut", "if (r.cut > known.cut) {", "if (r.cut < known.cut) {"),
     ("longest", "known.until = std::max(known.until, r.until);", ""),
     ("a raise is unsent", "known.cut = r.cut;\n        entry.sent = sent;", "known.cut = r.cut;"),
     ("sixteen", "count <= kMaxOfOneSub", "count <= kMaxOfOneSub + 1"),
     ("of one sub", "if (r.owner == of.owner && ", "if ("),
     ("a session is not absorbed", "has_cut(r.kind) && r.cut", "r.cut"),
     ("later ones are not absorbed", "r.cut <= sub.cut && ", ""),
     ("longer ones are not absorbed", " && r.until <= sub.until", ""),
     ("seen ones stay here", "kind != RevokedKind::seen &&\n            entry.sent", "entry.sent"),
     ("sent with this cut", "place != 0 && at(place).revocation.cut == r.cut", "place != 0"))
core("idt_revoke/list_room", "revocation_list",
     ("what is over first", "drop_over(now, used_);\n    if", "if"),
     ("watermarks stay", "kind != RevokedKind::none && kind != RevokedKind::watermark", "kind != RevokedKind::none"),
     ("who has most", "if (same > most) {", "if (chosen == std::nullopt) {"),
     ("greatest cut", "mark.cut = sum.cut;", "mark.cut = sum.cut - 1;"),
     ("its own provider", "at(place).revocation.provider == provider &&\n               at(place)", "at(place)"),
     ("not all at once", "enough <= count / kShareToForget && ", ""),
     ("told to readers", "put(mark, sum.sent);\n    raise_epoch();", "put(mark, sum.sent);"),
     ("greatest of all", "cut = std::max(cut, at(place).revocation.cut);", ""))
core("idt_revoke/list_memory", "revocation_list",
     ("provider", " && a.provider == b.provider", ""),
     ("kind", "a.kind == b.kind && ", ""),
     ("torn", "if (torn_ == 0) {", "if (true) {"),
     ("told after a repair", "raise_epoch();\n    settle();", "settle();"),
     ("old memory", "at(place).revocation.kind = RevokedKind::none;\n        settle();\n        used_ = place;", "used_ = place;"))
core("idt_revoke/state_record", "state_record",
     ("checksum", "get_number(bytes.data() + kSummed) !=", "false &&"),
     ("seen ones", "r.kind < RevokedKind::seen &&", "r.kind <= RevokedKind::seen &&"),
     ("cut", "r.cut >= 0 && ", ""),
     ("last cut", " && r.cut <= kLastCut", ""),
     ("until", " && r.until >= 0", ""),
     ("byte by byte", "++done_;\n        ++skipped_;", "done_ += kStateRecordBytes;\n        ++skipped_;"),
     ("the beginning of one is left", "bytes_.size() - done_ >= kStateRecordBytes", "bytes_.size() > done_"),
     ("worth it", "bytes > 4 * needed", "bytes > needed"))

core("idt_login/secret_chain", "secret_chain",
     ("state labelled apart", 'hmac_sha256(r, "state")', 'hmac_sha256(r, "pkce")'),
     ("verifier labelled apart", 'hmac_sha256(r, "pkce")', "sha256(r)"),
     ("form of a value", "text.size() == kLoginValueChars && ", ""))

core("idt_login/seal", "seal transaction",
     ("mac", "if (!ours) {", "if (false) {"),
     ("label", "std::string input(label);", "std::string input;"),
     ("key long enough", "key.size() < kMinLoginKeyBytes", "key.empty()"),
     ("key not one byte over and over", "key.find_first_not_of(key.front()) == key.npos", "false"),
     ("line end of a text", "is_text(text) ? text : file", "file"),
     ("every byte of others", "is_text(text) ? text : file", "text"),
     ("field inside the text", "!size || *size > behind.size()", "!size"))

core("idt_login/transaction", "transaction",
     ("over", "now < expires && ", ""),
     ("from the future", " && expires <= now + kTransactionSeconds + kSkewSeconds", ""),
     ("provider", "t.provider != place.provider || ", ""),
     ("flow", " || t.flow != place.flow", ""),
     ("host", "t.host != place.host || ", ""),
     ("redirect_uri", " || t.redirect_uri != place.redirect_uri", ""),
     ("state", "if (!equal_in_constant_time(login_state(t.secret), state)) {", "if (false) {"),
     ("nothing behind the fields", " && rest.empty();", ";"),
     ("five stay", "i >= kMaxTransactions || ", ""),
     ("youngest stay", "a.expires > b.expires", "a.expires < b.expires"),
     ("broken ones go", " || ages[i].expires == 0", ""))

core("idt_login/form", "form callback",
     ("no field twice", "if (known.first == *name) {", "if (false) {"),
     ("names decoded first", "known.first == *name", "known.first == field.substr(0, equals)"),
     ("escapes whole", "if (high < 0 || low < 0) {", "if (false) {"),
     ("number of fields", "form.fields_.size() == kMaxFormFields", "false"),
     ("length", "text.size() > kMaxFormBytes", "false"))

core("idt_login/callback", "callback",
     ("state there", "if (!is_login_value(answer.state)) {", "if (false) {"),
     ("error counts", 'if (const auto error = form.find("error")) {', 'if (const auto error = form.find("errors")) {'),
     ("issuer compared", "*answer.issuer != issuer", "false"),
     ("issuer demanded", ": demanded && answer.code", ": false"))

core("idt_login/page_load", "page_load",
     ("prefetch", "!look.get_or_head || look.purpose", "!look.get_or_head"),
     ("method", "!look.get_or_head || look.purpose", "look.purpose"),
     ("frame", ' && look.dest == "document"', ""),
     ("fetch", 'look.mode == "navigate" && ', ""),
     ("html before others", "html > best && ", "html > 0 && "),
     ("html not after others", " && html >= later", ""),
     ("path", "uri.starts_with('/') && ", ""),
     ("no host", '!uri.starts_with("//") &&', ""),
     ("no backslash", r" && c != '\\'", ""),
     ("no control", "c > 0x20 && c < 0x7f", "c < 0x7f"),
     ("length of the path", "uri.size() <= kMaxReturnPathBytes &&", ""))

core("idt_login/logout", "page_load",
     ("form of another site", "same_origin ? LogoutStep::end : LogoutStep::refuse", "LogoutStep::end"),
     ("link of another site", '(look.site == "same-origin" || look.site == "none")', "true"),
     ("image", 'look.dest == "document" &&', ""),
     ("loaded ahead", "asked && !look.purpose", "asked"))

core("idt_login/authorization", "authorization",
     ("reserved names", "name.starts_with(begin)", "false"),
     ("openid", "openid = openid || word == \"openid\";", "openid = true;"),
     ("renewal asks nobody", '(name == "prompt" && request.silent)', "false"),
     ("last of a name", "if (!again && ", "if ("),
     ("loopback", 'name.ends_with(".localhost")', 'name.ends_with("localhost")'))

core("idt_login/set_cookie", "set_cookie",
     ("secure", "; Secure; HttpOnly; SameSite=", "; HttpOnly; SameSite="),
     ("form not used", "out.push_back(expire_cookie(name, SameSite::lax));\n    }\n    for", "}\n    for"),
     ("pieces not used", "std::size_t i = pieces; i < kMaxSessionPieces", "std::size_t i = pieces; i < pieces"),
     ("eight pieces", "if (pieces > kMaxSessionPieces) {", "if (false) {"),
     ("host prefix", "name.starts_with(kHostPrefix) && name.size()", "name.size()"))

core("idt_login/note", "note",
     ("of its cookie", "*name != cookie || ", ""),
     ("over", "now >= *until", "false"),
     ("of its kind", 'kind == NoteKind::logins ? "oidc_logins 1" : "oidc_renewal 1"', '"oidc_logins 1"'),
     ("three are a loop", "logins->count >= kMaxLoopLogins", "logins->count > kMaxLoopLogins"),
     ("share of life", "(exp - iat) * percent / 100", "(exp - iat)"),
     ("renewal off", "percent > 0 && ", ""))

core("idt_revoke/stream_key", "stream_key",
     ("a record's length", "sealed.size() != kSealedBytes || ", "sealed.size() < kSealedBytes || "),
     ("a record's version", " || sealed.front() != kVersion", ""),
     ("the key by its id", "return k.id() == id;", "return true;"),
     ("the tag", "if (EVP_DecryptFinal_ex(ctx.get(), out + size, &size) != 1) {", "if (false) {"),
     ("the stream's name", "{clear, stream}", "{clear}"),
     ("version and id", "{clear, stream}", "{stream}"),
     ("told kinds", "if (!is_told(revocation.kind)) {", "if (false) {"),
     ("its own nonce", "cipher(key, nonce.data(), true)", "cipher(key, SealNonce{}.data(), true)"))

core("idt_revoke/engine_reply", "follower",
     ("a whole number", " || stop != end", ""),
     ("time, not negative", "*seconds < 0 || ", ""),
     ("time, bounded", "*seconds > kMax || ", ""),
     ("time, microseconds", "*micro >= 1'000'000", "false"),
     ("complaints in print", "return c < 0x20 || c >= 0x7f;", "return false;"),
     ("its own field", "fields.items[i].text == kRecordField &&", ""))

core("idt_revoke/follower", "follower",
     ("errors", "if (reply.kind == Kind::error) {", "if (false) {"),
     ("asked for", "if (awaited.empty()) {", "if (false) {"),
     ("password on both", "login(EngineChannel::writing);", ""),
     ("user", "if (!conf_.user.empty()) {", "if (false) {"),
     ("generation there", "if (reply.kind == Kind::nil) {\n        return refuse", "if (false) {\n        return refuse"),
     ("generation's length", " || reply.text.size() != generation_.size()", ""),
     ("another generation", "generation_ != place_.generation || ", ""),
     ("below ours", " || last_ < asked_high_", ""),
     ("ours gone", "return !high_is_there_ &&", "return false &&"),
     ("ours trimmed", ">= oldest(now);", ">= 0;"),
     ("seen while reading", "phase_ != EnginePhase::greeting) {\n        return has_changed(now)", "phase_ != EnginePhase::greeting) {\n        return false"),
     ("read from the start", "place_.read = place_.high = {};", ""),
     ("a new number", "place_.number + 1)", "place_.number)"),
     ("in order", "if (record.id <= place_.read) {", "if (false) {"),
     ("read to the end first", "(at_end || place_.read >= last_)", "true"),
     ("written when in step", "phase_ != EnginePhase::in_step || ", ""),
     ("one lot at a time", " || !under_way_.empty()) {", ") {"),
     ("written is marked", "list_.met(under_way_[answered_++], place_.number);", "answered_++;"),
     ("held under the lock", "writes ? kWriteAtOnce : 1);\n    if (held.empty()) {", "writes ? kWriteAtOnce : 1);\n    if (!held.empty() && !writes) {\n        write(std::move(held), now);\n    } else if (held.empty()) {"),
     ("lock held by another", "if (reply.kind == Kind::nil) {\n        refill_", "if (false) {\n        refill_"),
     ("read under the lock", "place_.read >= lock_last_) {", "true) {"),
     ("lock given back", "if (refill_ == Refill::writing && now < locked_until_) {", "if (false) {"),
     ("lock ends", '"NX", "PX",', '"NX", "XX",'),
     ("trimmed by twice keep", "- 2 * conf_.keep", "- conf_.keep"),
     ("by its clock", "now + engine_ahead_ -", "now -"))

core("idt_login/endpoints", "endpoints",
     ("https to https", "parsed->https || (ours && !ours->https)", "true"),
     ("type named", 'types.at(i).string() == type', "true"))

core("idt_login/token_request", "token_request",
     ("escaped before base64", 'escape_uri(request.client_id) + ":" +\n                                    escape_uri(request.credential)',
      'std::string(request.client_id) + ":" +\n                                    std::string(request.credential)'),
     ("error before token", "if (error || !token) {", "if (!token) {"),
     ("secret in one line", "return good ? file : std::string_view();", "return file;"))

core("idt_login/identity", "identity",
     ("the protocol's own", "if (!is_protocol_claim(name)) {", "if (true) {"))

core("idt_login/pages", "pages",
     ("code on its page", "page == Page::tenant_error && ", ""))

core("idt_login/login_error", "pages",
     ("closed list", "found == std::end(kCodes) ? kUnknown : *found", "found == std::end(kCodes) ? code : *found"))


nginx("idt_session/access", "login login_merge",
      ("page loads alone", "           && is_page_load(look_at(r));", "           ;"),
      ("of a cookie token alone", "ctx->source == NULL || ctx->source->carrier == Carrier::cookie", "true"),
      ("401 alone", "answer != Answer::missing && answer != Answer::invalid", "false"),
      ("the bad cookie goes", "if (expire_presented(r, cookie, cookies) != NGX_OK) {", "if (false) {"),
      ("loops end", "if (is_loop(logins)) {", "if (false) {"),
      ("a rule is not mended twice", "logins && ctx->error == Error::claim_rule_401", "false"),
      ("once a minute", "    if (read_note(r, NoteKind::renewal, cookie, cookies))\n", "    if (false)\n"),
      ("no challenge beside a redirect", "        clear_challenges(r, ctx);\n", ""),
      ("satisfy any: others first", "rc == NGX_HTTP_UNAUTHORIZED && !satisfies_any(r)", "rc == NGX_HTTP_UNAUTHORIZED"))

nginx("idt_session/answer", "login login_attacks",
      ("the transaction is over", "if (error == LoginError::transaction_missing\n            && add_header", "if (false\n            && add_header"),
      ("sealed", "            error = LoginError::transaction_seal;\n            continue;", "            error = LoginError::none;\n            break;"),
      ("checked", "        error = check_transaction(*transaction,", "        error = LoginError::none; (void) check_transaction(*transaction,"),
      ("a broken one does not hide the good", "transaction_seal;\n            continue;", "transaction_seal;\n            break;"))

nginx("idt_session/answer", "login_code",
      ("the issuer is demanded", "demands_issuer(ctx->provider));", "false);"))

nginx("idt_session/finish", "login login_attacks login_code",
      ("nonce there", "!nonce.present() || nonce.kind() != JsonKind::string", "false"),
      ("nonce of the transaction", "? Error::ok : Error::nonce;", "? Error::ok : Error::ok;"),
      ("judged", "    if (ctx->error == Error::ok) {\n        return begin_session(r, ctx);\n    }", "    return begin_session(r, ctx);"),
      ("nobody is told where from", '"Referrer-Policy", "no-referrer"', '"Referrer-Policy", "unsafe-url"'),
      ("logins counted", "        || write_note(r, NoteKind::logins,", "        || false && write_note(r, NoteKind::logins,"))

nginx("idt_session/callback", "login login_code",
      ("the method of the form", "    if (r->method != NGX_HTTP_POST) {", "    if (false) {"),
      ("the method of the code", "    if (r->method != NGX_HTTP_GET) {", "    if (false) {"),
      ("the type of the form", "        || !is_form_type(view(r->headers_in.content_type->value))", ""))

nginx("idt_request/body", "logout",
      ("64 KB, also in chunks", "static_cast<size_t>(ngx_buf_size(b)) > limit", "static_cast<size_t>(ngx_buf_size(b)) > 2 * limit"))

nginx("idt_session/callback", "login_attacks",
      ("endpoints at another node", "    if (await_endpoints(r, ctx) == NGX_AGAIN) {\n        return NGX_AGAIN;\n    }\n\n    return guarded", "    return guarded"))

nginx("idt_session/begin", "login login_attacks",
      ("known hosts", "login->redirect_uri.starts_with('/') && !is_known_host(r)", "false"),
      ("https", "uri->starts_with(\"http://\") && !is_loopback_host(host)", "false"),
      ("not kept by anybody", "        || forbid_caching(r) != NGX_OK)", "        )"))

nginx("idt_session/request", "login_attacks",
      ("of every name", "matches_name(r, name, host)", "view(name.name) == host"),
      ("nothing before a wildcard's dot", "return host.size() > name.size() - 1 && host.ends_with(name.substr(1));", "return host.ends_with(name.substr(2));"),
      ("surplus transactions", "if (pair->name.starts_with(kTransactionPrefix)) {", "if (false) {"))

nginx("idt_session/handlers", "login",
      ("a link for people", "    if (!is_page_load(look_at(r))) {", "    if (false) {"),
      ("nobody is logged in", "    if (ctx == NULL) {\n        /* optional", "    if (false) {\n        /* optional"))

nginx("idt_session/logout", "login",
      ("evidence", "is_from_here(r, conf))", "true)"),
      ("all cookies", "    if (expire_all(r, cookie) != NGX_OK)", "    if (false)"))


nginx("idt_request/gate", "phases",
      ("subrequests are judged", "    if (r == r->main) {", "    if (true) {"),
      ("enabled", "    if (!conf->enable) {\n        return NGX_DECLINED;\n    }\n\n    return gate(r, conf);",
       "    return NGX_DECLINED;"))

nginx("idt_request/gate", "mode require",
      ("optional takes no bad token", "&& ctx->error == Error::token_missing", ""),
      ("optional with rules", "&& conf->rules == NULL)", ")"))

nginx("idt_request/request", "phases cache keys_rotate",
      ("the same policy", "return token.policy_id() == policy.id &&",
       "return"),
      ("the same keys", "&& token.keys_id() == keys.id()", ""),
      ("the same token", "&& token.token() == text;", ";"))

nginx("idt_request/request", "pass",
      ("a verdict belongs to a pass",
       "    ctx->judged = 0;\n    ctx->counted = 0;", "    ctx->counted = 0;"))

nginx("idt_request/peek", "pass",
      ("what a rewrite may change", "if (is_rewriting(r)) {", "if (false) {"),
      ("shown once", "ctx->judged = 0;    /* shown once */", ""),
      ("the page of a refusal",
       "*off = (ctx == NULL || ctx->refused == Error::ok);", "*off = true;"))

nginx("idt_request/prove", "reasons",
      ("nonce", "proof.error = judge_nonce(r, conf, *proof.token.get());",
       ""))

nginx("idt_request/judge", "reasons",
      ("csrf", "error = judge_csrf(r, conf, ctx->source);",
       "error = Error::ok;"),
      ("rules", "error = judge_rules(r, conf, ctx);",
       "error = Error::ok;"),
      ("unknown provider", "return Error::provider_unknown;", "return Error::ok;"))

nginx("idt_request/judge", "person",
      ("too many", "if (candidates.too_many()) {", "if (false) {"),
      ("subjects tell persons apart",
       "judged.subject = proof.token->slot(mcf->subject_slot).text();", ""),
      ("stale cookies in optional", "conf->mode == Mode::optional && conf->rules", "false && conf->rules"),
      ("optional with rules", "&& conf->rules == NULL);", ");"),
      ("what counts beside others: they go",
       "? candidates.left().size() > 1", "? false"),
      ("what counts beside what was dropped: it goes",
       "|| candidates.dropped() != NULL\n                       : conf",
       "\n                       : conf"),
      ("what is not proven goes", ": conf->mode != Mode::report", ": false"))

nginx("idt_request/presented", "person source",
      ("a header's value", "if (name == view(source.value)) {", "if (false) {"),
      ("a subrequest chooses anew",
       "now.cookies = kept.original.cookies;", ""),
      ("a broken Bearer", "        into.candidates->add_dropped({value,",
       "        if (false) into.candidates->add_dropped({value,"))

nginx("idt_request/presented", "strip phases",
      ("known after it was stripped",
       "now.authorization = kept.original.authorization;", ""))

nginx("idt_request/browser", "csrf preflight",
      ("the guard", "return is_from_here(r, conf) ? Error::ok",
       "return true ? Error::ok"),
      ("cookies alone need evidence",
       "if (source->carrier == Carrier::authorization || !conf->csrf",
       "if (!conf->csrf"),
      ("the client's method", "changes_nothing(r->main->method",
       "changes_nothing(r->method"),
      ("Upgrade", 'get_field(r, "upgrade")', "{}"),
      ("preflight is OPTIONS", "if (r->method != NGX_HTTP_OPTIONS) {",
       "if (false) {"),
      ("preflight without credentials",
       "fields.credentials = (r->headers_in.authorization != NULL);", ""))

nginx("idt_request/browser", "nonce",
      ("a nonce is a string",
       "kind() != JsonKind::string) {\n        return Error::nonce;\n    }\n\n    auto  matches",
       "kind() == JsonKind::null) {\n        return Error::nonce;\n    }\n\n    auto  matches"),
      ("it matches", "return *matches ? Error::ok", "return true ? Error::ok"))

nginx("idt_request/rules", "require",
      ("a hole is no value", "if (text.len == 0 && cv.lengths != NULL) {",
       "if (false) {"))

nginx("idt_upstream/header_names", "headers",
      ("in every spelling", "return passes_for_header(view(name), view(ours));",
       "return view(name) == view(ours);"))

nginx("idt_upstream/upstream", "headers upstreams",
      ("client copies go", "if (is_listed(plan.conf->headers, h->key)\n",
       "if (false\n"),
      ("headers of another location go", "|| is_listed(ctx->headers, h->key))",
       "|| false)"),
      ("printable alone", "return value.printable() ? encode(r, header, value.text())",
       "return value.present() ? copy_text(r, std::string(value.text()))"))

nginx("idt_upstream/upstream", "headers",
      ("what was read before is forgotten",
       "    forget_headers(r);\n\n    return NGX_OK;",
       "    return NGX_OK;"),
      ("spaces at the ends",
       "is_exact_value(text) ? std::optional(text) : std::nullopt", "text"))

core("idt_token/spelling", "spelling",
     ("nothing is a segment", "!text.empty() && is_printable(text) &&",
      "is_printable(text) &&"),
     ("dot segments", "is_printable(text) && !has_dot_segment(text)",
      "is_printable(text)"),
     ("trimmed in front", "is_narrow_space(text.front()) ||", ""),
     ("trimmed as Latin-1", '" \\t\\xa0\\x85"', '" \\t"'),
     ("wide spaces in front", "text.starts_with(space) ||", ""),
     ("wide spaces behind", "text.ends_with(space);", "false;"),
     ("an exact value has no outer space",
      "return is_printable(text) && !has_outer_space(text);",
      "return is_printable(text);"),
     ("a split in two ways", "text.find(part, at + 1)",
      "text.find(part, at + part.size())"),
     ("no empty element", "!value.text().empty() &&", ""),
     ("UTF-8 is UTF-8", "if (!is_utf8(out)) {", "if (false) {"))

nginx("idt_upstream/strip", "strip person",
      ("Authorization goes", "    return is_bearer(view(h->value))\n",
       "    return false\n"),
      ("the cookie goes", "return !stays(plan, pair->value);",
       "return false;"),
      ("what passes for it goes", "    return may_pass_for(part, cookie);",
       "    return false;"),
      ("a header goes",
       "return passes_for_header(name, view(source.value))\n", "return false\n"),
      ("the pieces of what counts stay",
       "plan.pieces.push_back(piece.value.data());", ""),
      ("report mode leaves it", "plan.keep_unproven = (conf->mode == Mode::report);",
       ""))

nginx("idt_upstream/upstream", "pass",
      ("another module let it in",
       "ctx->refused = Error::ok;    /* another", "/* another"))

nginx("idt_conf/source", "config",
      ("headers that hold no token", "if (!may_carry_token(view(source->value))) {",
       "if (false) {"))

nginx("idt_request/peek", "claims phases",
      ("only what is proven", "return (ctx != NULL && ctx->error == Error::ok) ? ctx : NULL;",
       "return (ctx != NULL && ctx->token) ? ctx : NULL;"))

nginx("idt_show/claims", "claims",
      ("only what is printable", "if (!value.present() || !value.printable()) {\n        return not_found(v);\n    }\n\n    return set_value(v, value.text());",
       "if (!value.present()) {\n        return not_found(v);\n    }\n\n    return set_value(v, value.text());"))

nginx("idt_fetch/credentials", "keys_credentials",
      ("told to the origin alone", "error = f->own ? fetch_fields(f, &lines) : NULL;",
       "error = fetch_fields(f, &lines);"),
      ("what a value may be", "return is_sendable(*value)\n", "return true\n"))

nginx("idt_fetch/fetch", "keys_credentials",
      ("the whole origin", "same_origin(f->url, *conf->origin)", "true"))

nginx("idt_fetch/tls", "keys_credentials",
      ("shown to the origin alone", "if (!own) {", "if (false) {"))

nginx("idt_fetch/lookup", "keys_names",
      ("the next name", "ctx->state == NGX_RESOLVE_NXDOMAIN && f->name",
       "false && f->name"),
      ("only when there is no such name",
       "ctx->state == NGX_RESOLVE_NXDOMAIN && f->name", "ctx->state && f->name"))

nginx("idt_fetch/end", "keys_race",
      ("what answered is known", "f->known.remember_answer(", "(void) ("))

nginx("idt_source/attempt", "keys_race",
      ("learnt for the next attempt", "keys->zone->known = result->known;", ""),
      ("learnt for the key set", "keys->fetch_conf.known = result->known;", ""))

nginx("idt_source/making", "keys_many",
      ("the set of the generation", "keys->generation = making->generation;",
       ""),
      ("the next step",
       "ngx_post_event(&making->event, &ngx_posted_next_events);", ""),
      ("who waits is woken by the keys", "keys->set = making->builder.take();",
       "keys->set = std::move(keys->retired);"))

nginx("idt_source/ask", "keys_many",
      ("a set being made is waited for", "    if (keys->making) {\n        /*",
       "    if (false) {\n        /*"))

nginx("idt_source/share", "keys_trust",
      ("CA by content", "trust_digest(cf, &settings->trust.trusted_certificate)",
       "view(settings->trust.trusted_certificate)"),
      ("CRL by content", "trust_digest(cf, &path)", "view(path)"))

nginx("idt_source/share", "keys_credentials",
      ("fields are identity",
       'keys_append(keys->trust, " fields ", sha256_hex(secret));', ""))

nginx("idt_fetch/tls", "keys_tls",
      ("certificate", "return rc == X509_V_OK ? NULL", "return true ? NULL"),
      ("host name", "if (SSL_set1_host(ssl, host) != 1\n        || ",
       "if ("),
      ("address", "return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1 ? NGX_OK",
       "return true ? NGX_OK"),
      ("TLS 1.2", "NGX_SSL_TLSv1_2|NGX_SSL_TLSv1_3",
       "NGX_SSL_TLSv1_1|NGX_SSL_TLSv1_2|NGX_SSL_TLSv1_3"))

nginx("idt_conf/told", "config",
      ("a rule that guards nothing is an error", "            rc = NGX_ERROR;\n            continue;", "            continue;"),
      ("a map that is volatile", "\n               && !(var->flags & NGX_HTTP_VAR_NOCACHEABLE)", ""),
      ("a return that refuses", "\n            || code->status < 200 || code->status > 299", ""))

nginx("idt_conf/noted", "config",
      ("guarded from within", "conf != NULL && !conf->guards; conf = conf->parent", "conf != NULL && !conf->guards; conf = NULL"),
      ("strip that is off", "if (conf->strip && note_directive", "if (note_directive"),
      ("a provider that is used", "        conf->provider->used = 1;", "        conf->provider->used = 0;"))

core("idt_jose/jws", "jws",
     ("a deep header", "return Error::header_depth;", "break;"),
     ("a member of a header twice", "return Error::header_duplicate;", "break;"),
     ("a value that is not exact", "return Error::header_value;",
      "return Error::header_json;"))

core("idt_token/claims", "claims",
     ("a deep payload", "return Error::payload_depth;", "break;"),
     ("a claim twice", "return Error::payload_duplicate;", "break;"))

core("idt_keys/http_response", "http_response",
     ("jwks_max_size is named",
      "if (error_ == HttpError::body_too_long && kind_ == Kind::document) {",
      "if (false) {"))

nginx("idt_conf/words", "config",
      ("no password in a message", "std::string  text = without_userinfo(view(word));",
       "std::string  text(view(word));"))

core("idt_logout/logout_token", "logout_token",
     ("issuer", "Error error = check_issuer(c, p);", "Error error = Error::ok;"),
     ("audience", "error = check_audience(c, p);", "error = Error::ok;"),
     ("azp", "error = check_azp(c, p);", "error = Error::ok;"),
     ("subject, where there is one", 'error == Error::ok && claim(c, "sub")', "false"),
     ("expiry", "t.exp && !(at < *t.exp + leeway)", "false"),
     ("issued in the future", "!(t.iat <= at + leeway)", "false"),
     ("not before", "t.nbf && !(at + leeway >= *t.nbf)", "false"),
     ("fresh without an expiry", "if (!t.exp && !(at - t.iat", "if (false && !(at - t.iat"),
     ("how fresh", "!(at - t.iat <= static_cast<double>(kMaxLogoutAge))", "!(at - t.iat <= static_cast<double>(kMaxLogoutAge + 1))"),
     ("an ID", "if (!jti || jti->empty()) {", "if (jti && jti->empty()) {"),
     ("an ID that says something", "!jti || jti->empty()", "!jti"),
     ("the event", 'c.find("events").find(kEvent).is(JsonKind::object)', 'c.find("events").is(JsonKind::object)'),
     ("the event's value", "find(kEvent).is(JsonKind::object)", "find(kEvent)"),
     ("a session ID that is none", 'claim(c, "sid") &&\n        !is_session_id', 'false &&\n        !is_session_id'),
     ("somebody", '!claim(c, "sub") && !claim(c, "sid")', "false"),
     ("no nonce", 'claim(c, "nonce") ? LogoutError::logout_nonce', "false ? LogoutError::logout_nonce"),
     ("a session ID's length", "text.size() <= kMaxSessionIdBytes", "true"),
     ("without keys", "error == Error::ok ? Error::keys_unavailable : error", "Error::keys_unavailable"))

core("idt_logout/logout_request", "logout_request",
     ("the issuer of a query", 'form->find("iss") != issuer', "false"),
     ("the session of a query", "!sid || !is_session_id(*sid)", "!sid"),
     ("unknown members", "if (row == std::end(kOperatorKinds)) {\n        return LogoutError::logout_form;", "if (row == std::end(kOperatorKinds)) {\n        return LogoutError::none;"),
     ("all is true", "value.boolean() == true", "value.boolean().has_value()"),
     ("one thing", "!named || out.kind != RevokedKind::none", "!named"),
     ("a provider", "if (out.provider.empty()) {", "if (false) {"),
     ("something", "if (out.kind == RevokedKind::none) {", "if (false) {"),
     ("an operator's bytes", "body.size() > kMaxOperatorBytes", "false"),
     ("a subject beside a session", "claims.session ? RevokedKind::sub_without_sid", "false ? RevokedKind::sub_without_sid"),
     ("whose session it is", "entries.front().owner = entries.back().owner;", ""),
     ("how long the ID is remembered", "std::min(seen.until, claims.expires)", "claims.expires"),
     ("our clock and the tenant's", "now + scope.leeway);", "now);"),
     ("how long it counts", "cut + scope.keep + scope.leeway + 1", "cut + scope.keep + 1"))

core("idt_jose/jws", "logout_token",
     ("the type of a logout token", "? names_logout_token(*type)", "? true"),
     ("a logout token's type alone", "? names_logout_token(*type)\n               : equal_ignoring_case", "? names_logout_token(*type) || equal_ignoring_case(*type, \"jose\")\n               : equal_ignoring_case"))

core("idt_jose/jws", "jws validator",
     ("an ID token is no logout token", "return expected == TokenType::logout_token\n               ? names", "return true\n               ? names"))

nginx("idt_conf/claim_set", "leave",
      ("escaped where it is asked for",
       "escaped ? shows<escaped_slot_variable>",
       "false ? shows<escaped_slot_variable>"))

nginx("idt_show/escaped", "leave",
      ("absent is a segment, too", "    v->not_found = 0;\n\n    return set_copy",
       "    if (v->not_found) {\n        return NGX_OK;\n    }\n\n    return set_copy"))

nginx("idt_conf/set_header", "leave",
      ("a separator is one", "if (!is_separator(option)) {", "if (false) {"),
      ("elements of a claim only", "if (header->variable != NULL) {\n        return \"joins", "if (false) {\n        return \"joins"))

nginx("idt_ending/backchannel", "logout logout_keys",
      ("only by POST", "if (r->method != NGX_HTTP_POST) {", "if (false) {"),
      ("only a form", "|| !is_form_type(view(r->headers_in.content_type->value))", ""),
      ("a key that is new is fetched", "return Need::refetch;", "return Need::nothing;"),
      ("it waits for the first keys", "? Need::keys : Need::nothing;", "? Need::nothing : Need::nothing;"))

nginx("idt_ending/frontchannel", "logout logout_session",
      ("only by GET", "if (r->method != NGX_HTTP_GET) {", "if (false) {"),
      ("half of the room", "if (!has_room(revocations)) {", "if (false) {"))

nginx("idt_ending/revoke", "logout",
      ("a page of our own", "if (!is_from_here(r, loc_conf(r))) {", "if (false) {"),
      ("JSON only", "|| !is_json_type(view(r->headers_in.content_type->value))", ""))

nginx("idt_session/finish", "logout_session",
      ("once more a second later", "if (ctx->error == Error::revoked) {", "if (false) {"))

nginx("idt_session/logout", "logout_session",
      ("its token is revoked", "(void) revocations_accept(main_conf(r)->revocations, { &entry, 1 });", "(void) entry;"))
