// resolv.conf, and the names that it makes of one; the fields that a
// configuration adds to a request, and a proxy's credentials.
//
// Input: a line that is a host name, a field's name, a pair; the file, or the
// field's value.

#include "idt_keys/http_request.h"
#include "idt_keys/resolv.h"
#include "fuzz/fuzz.h"

using namespace id_token;

namespace {

void check_conf(const ResolvConf &conf) {
    REQUIRE(conf.nameservers.size() <= kMaxNameservers);
    REQUIRE(conf.search.size() <= kMaxSearchNames);
    REQUIRE(conf.ndots <= kMaxNdots);
    for (const std::string &name : conf.search) {
        REQUIRE(!name.empty() && name.size() <= 253);
        REQUIRE(name.front() != '.' && name.back() != '.');
        REQUIRE(name.find("..") == name.npos);
        REQUIRE(!fuzz::has_control_byte(name));
    }
}

void check_names(std::string_view name, const ResolvConf &conf) {
    const auto names = names_to_ask(name, false, conf);
    REQUIRE(names.size() <= 1 + conf.search.size());
    bool itself = false;
    for (const std::string &one : names) {
        itself = itself || one == name;
        REQUIRE(one.starts_with(name));
        REQUIRE(one.size() <= std::max<std::size_t>(253, name.size()));
    }
    REQUIRE(itself);
    REQUIRE(names_to_ask(name, true, conf).size() == 1);
}

// One line, whatever the configuration says.
void check_fields(std::string_view name, std::string_view content) {
    const std::string_view value = file_value(content);
    if (may_be_added(name) && is_sendable(value)) {
        const std::string line = field_line(name, value);
        REQUIRE(line.find_first_of("\r\n") == line.size() - 2);
        REQUIRE(line.find(':') == name.size());
        REQUIRE(!fuzz::has_control_byte(
            std::string_view(line).substr(0, line.size() - 2)));
    }
    const std::string basic = basic_credentials(name);
    REQUIRE(basic.empty() || basic.find_first_of("\r\n") == basic.size() - 2);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    std::string_view text = fuzz::text_of(data, size);
    const std::string_view name = fuzz::take_line(text);
    const ResolvConf conf = parse_resolv_conf(text, name);
    check_conf(conf);
    check_names(name, conf);
    check_fields(name, text);
    return 0;
}
