// URLs, origins, addresses, and Cache-Control.
//
// Input: a text that is taken for each of them.

#include <arpa/inet.h>

#include "idt_keys/discovery.h"
#include "idt_token/origin.h"
#include "idt_keys/refresh.h"
#include "idt_keys/url.h"
#include "fuzz/fuzz.h"

using namespace id_token;

namespace {

bool is_address(int family, const std::string &text) {
    unsigned char bytes[16];
    return text.find('\0') == text.npos &&
           inet_pton(family, text.c_str(), bytes) == 1;
}

bool same(const Url &a, const Url &b) {
    return a.https == b.https && a.kind == b.kind && a.host == b.host &&
           a.port == b.port && a.target == b.target;
}

void check_host(const Url &url) {
    REQUIRE(!url.host.empty() && url.port != 0);
    REQUIRE(url.host.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ/@?#[]% \t") ==
            url.host.npos);
    switch (url.kind) {
        case HostKind::ipv4:
            REQUIRE(is_address(AF_INET, url.host));
            break;
        case HostKind::ipv6:
            REQUIRE(is_address(AF_INET6, url.host));
            break;
        case HostKind::name:
            // Nothing that a resolver takes for an address: "127.1", "0x7f.1".
            in_addr address;
            REQUIRE(inet_aton(url.host.c_str(), &address) == 0);
            REQUIRE(url.host.find(':') == url.host.npos);
            break;
    }
}

void check_url(std::string_view text) {
    const auto url = parse_url(text);
    if (!url) {
        REQUIRE(!url_error_text(url.error()).empty());
        return;
    }
    check_host(*url);
    REQUIRE(url->target.front() == '/');
    REQUIRE(url->target.find_first_of("# \"<>\\^`{|}") == std::string::npos);
    REQUIRE(!fuzz::has_control_byte(url->target));
    REQUIRE(!fuzz::has_control_byte(url->authority()));
    const std::string scheme = url->https ? "https://" : "http://";
    for (const std::string &authority :
         {url->authority(), url->host_and_port()}) {
        if (scheme.size() + authority.size() + url->target.size() >
            kMaxUrlBytes) {
            continue;
        }
        const auto again = parse_url(scheme + authority + url->target);
        REQUIRE(again && same(*again, *url));
    }
    // Plain http reaches nothing but the loopback unless asked for.
    if (transport(*url) == Transport::loopback) {
        REQUIRE(!url->https);
        REQUIRE(url->host == "localhost" || url->kind != HostKind::name);
    }
    REQUIRE((transport(*url) == Transport::tls) == url->https);
}

void check_loopback(std::string_view text) {
    if (!is_loopback_address(text)) {
        return;
    }
    const std::string address(text);
    in6_addr six;
    if (is_address(AF_INET, address)) {
        REQUIRE(address.starts_with("127."));
    } else {
        REQUIRE(is_address(AF_INET6, address));
        inet_pton(AF_INET6, address.c_str(), &six);
        REQUIRE(IN6_IS_ADDR_LOOPBACK(&six) ||
                (IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == 127));
    }
}

void check_origin(std::string_view text) {
    const auto origin = parse_origin(text);
    if (!origin) {
        return;
    }
    REQUIRE(!origin->host.empty() && origin->port != 0);
    REQUIRE(origin->host.find_first_of("/?#@, \t\r\n") == std::string::npos);
    REQUIRE(!fuzz::has_control_byte(origin->host));
    const std::string authority =
        origin->host + ":" + std::to_string(origin->port);
    REQUIRE(parse_origin((origin->https ? "https://" : "http://") +
                         authority) == origin);
    REQUIRE(own_origin(origin->https, authority) == origin);
    // The other scheme is another origin.
    REQUIRE(own_origin(!origin->https, authority) != origin);
}

void check_rest(std::string_view text) {
    const auto max_age = parse_max_age(text);
    REQUIRE(!max_age || (*max_age >= 0 && *max_age <= 2147483648));

    const auto url = discovery_url(text);
    if (url) {
        REQUIRE(url->ends_with("/.well-known/openid-configuration"));
        const std::string_view issuer =
            text.ends_with('/') ? text.substr(0, text.size() - 1) : text;
        REQUIRE(url->starts_with(issuer));
        REQUIRE(url->size() == issuer.size() + 33);
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    check_url(text);
    check_loopback(text);
    check_origin(text);
    check_rest(text);
    return 0;
}
