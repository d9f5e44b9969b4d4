// The token endpoint's answer, and the endpoints of the discovery document.
//
// Input: the document.

#include <jansson.h>

#include "fuzz/fuzz.h"
#include "idt_keys/url.h"
#include "idt_login/endpoints.h"
#include "idt_login/login_error.h"
#include "idt_login/token_request.h"

using namespace id_token;

namespace {

constexpr const char *kNames[] = {
    "id_token",
    "error",
    "authorization_endpoint",
    "token_endpoint",
    "end_session_endpoint",
    "response_types_supported",
    "authorization_response_iss_parameter_supported"};
constexpr const char *kValues[] = {R"("a.b.c")",
                                   R"("invalid_grant")",
                                   R"("https://op.example/x?y=z")",
                                   R"("http://op.example/x")",
                                   R"(["code","id_token"])",
                                   R"([1,null])",
                                   "true",
                                   "null",
                                   "99999999999999999999",
                                   R"("\u0000")",
                                   "{}"};
constexpr fuzz::Words kWords{kNames, kValues};

void usable(const std::string &url) {
    if (!url.empty()) {
        const auto parsed = parse_url(url);
        REQUIRE(parsed && parsed->https);
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const std::string_view document = fuzz::text_of(data, size);

    const TokenAnswer answer = parse_token_answer(document);
    REQUIRE(answer.token.empty() || answer.error.empty());
    REQUIRE(answer.error.empty() ||
            known_error_code(answer.error) == answer.error);
    if (!answer.token.empty()) {
        REQUIRE(document.find("id_token") != document.npos ||
                document.find('\\') != document.npos);
    }

    const auto e = parse_endpoints(document, "https://op.example");
    if (e) {
        usable(e->authorization);
        usable(e->token);
        usable(e->end_session);
        const auto again = unpack_endpoints(pack_endpoints(*e));
        REQUIRE(again && again->authorization == e->authorization &&
                again->token == e->token &&
                again->end_session == e->end_session &&
                again->issuer_in_answer == e->issuer_in_answer &&
                again->id_token == e->id_token && again->code == e->code);
    }

    const std::string_view secret = parse_client_secret(document);
    REQUIRE(!fuzz::has_control_byte(secret));
    return 0;
}

std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size,
                                    std::size_t max, unsigned seed) {
    fuzz::Random random(seed);
    if (random() % 5 == 0) {
        return LLVMFuzzerMutate(data, size, max);
    }
    return fuzz::give_back(
        fuzz::mutate_json(std::string(fuzz::text_of(data, size)), kWords, max,
                          random),
        data, size, max);
}
