// Forms: the answer of a tenant at the callback, bodies and query strings.
//
// Input: a byte of options, the form.

#include <map>

#include "fuzz/fuzz.h"
#include "idt_login/callback.h"
#include "idt_login/page_load.h"
#include "idt_login/secret_chain.h"

using namespace id_token;

namespace {

// The plain way: one character after the other.
std::string plain(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); i++) {
        if (text[i] == '%') {
            const std::string hex(text.substr(i + 1, 2));
            out += static_cast<char>(std::stoi(hex, nullptr, 16));
            i += 2;
        } else {
            out += text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

std::map<std::string, std::string> fields_of(std::string_view text) {
    std::map<std::string, std::string> fields;
    while (!text.empty()) {
        const std::string_view field = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(field.size() + 1, text.size()));
        const std::size_t equals = field.find('=');
        if (!field.empty()) {
            const auto [at, fresh] = fields.emplace(
                plain(field.substr(0, equals)),
                equals == field.npos ? "" : plain(field.substr(equals + 1)));
            REQUIRE(fresh);
        }
    }
    return fields;
}

void judge(const Form &form, Flow flow, bool demanded) {
    const auto answer = parse_answer(form, flow);
    if (!answer) {
        REQUIRE(answer.error() == LoginError::state_missing);
        return;
    }
    REQUIRE(is_login_value(answer->state));
    REQUIRE(!(answer->token && answer->code));
    REQUIRE(!answer->token || flow == Flow::id_token);
    REQUIRE(!answer->code || flow == Flow::code);
    const auto error = check_answer(*answer, "https://op.example", demanded);
    if (error == LoginError::none) {
        REQUIRE(!answer->error && (answer->token || answer->code));
        REQUIRE(answer->issuer.value_or("https://op.example") ==
                "https://op.example");
    }
    if (answer->error) {
        REQUIRE(known_error_code(*answer->error) == *answer->error);
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    std::string_view text = fuzz::text_of(data, size);
    const unsigned options = fuzz::take_byte(text);

    // What a browser takes for another place never comes back.
    const std::string_view path = return_path(text);
    REQUIRE(path.starts_with('/') && !path.starts_with("//"));
    REQUIRE(path.size() <= kMaxReturnPathBytes);
    REQUIRE(path.find('\\') == path.npos && !fuzz::has_control_byte(path));
    (void)prefers_html(text);

    const auto form = Form::parse(text);
    if (!form) {
        REQUIRE(!read_answer(text));
        return 0;
    }
    const auto fields = fields_of(text);
    REQUIRE(fields.size() == form->size());
    std::string again;
    for (const auto &[name, value] : fields) {
        REQUIRE(form->find(name).value_or("") == value);
        append_form_field(again, name, value);
    }
    const auto second = Form::parse(again);
    REQUIRE(second || again.size() > kMaxFormBytes);
    for (const auto &[name, value] : fields) {
        REQUIRE(!second || second->find(name).value_or("") == value);
    }
    judge(*form, options % 2 == 0 ? Flow::id_token : Flow::code,
          options % 4 >= 2);
    return 0;
}

std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size,
                                    std::size_t max, unsigned seed) {
    constexpr std::string_view kWords[] = {
        "&state=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "&id_token=a.b.c",
        "&code=x",
        "&iss=https://op.example",
        "&error=access_denied",
        "%41"};
    fuzz::Random random(seed);
    if (size == 0 || random() % 3 != 0) {
        return LLVMFuzzerMutate(data, size, max);
    }
    std::string text(fuzz::text_of(data, size));
    text.insert(1 + random() % text.size(), kWords[random() % 6]);
    return fuzz::give_back(text, data, size, max);
}
