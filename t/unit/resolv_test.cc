#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <csetjmp>
extern "C" {
#include <cmocka.h>
}

#include "idt_keys/resolv.h"

using namespace id_token;

namespace {

std::string joined(const std::vector<std::string> &all) {
    std::string text;
    for (const std::string &one : all) {
        text += text.empty() ? "" : " ";
        text += one;
    }
    return text;
}

void search_is(std::string_view text, const char *wanted,
               std::string_view hostname = "") {
    const ResolvConf conf = parse_resolv_conf(text, hostname);
    assert_string_equal(joined(conf.search).c_str(), wanted);
}

void servers_are(std::string_view text, const char *wanted) {
    assert_string_equal(joined(parse_resolv_conf(text, "").nameservers).c_str(),
                        wanted);
}

void ndots_is(std::string_view text, unsigned wanted) {
    assert_int_equal(parse_resolv_conf(text, "").ndots, wanted);
}

void names_are(std::string_view name, bool complete, const ResolvConf &conf,
               const char *wanted) {
    assert_string_equal(joined(names_to_ask(name, complete, conf)).c_str(),
                        wanted);
}

void name_servers(void **) {
    servers_are("", "");
    servers_are("nameserver 10.0.0.1\nnameserver ::1", "10.0.0.1 ::1");
    servers_are("\t nameserver\t10.0.0.1 # x\r\n", "10.0.0.1");
    servers_are("nameserver\nnameservers 1\n#nameserver 2\n;nameserver 3\n",
                "");
    servers_are("nameserver 1\nnameserver 2\nnameserver 3\nnameserver 4\n",
                "1 2 3");
}

void the_last_search_counts(void **) {
    search_is("search a.example b.example\n", "a.example b.example");
    search_is("search a.example\nsearch b.example c\n", "b.example c");
    search_is("domain a.example b.example\n", "a.example");
    search_is("search a.example b.example\ndomain c.example\n", "c.example");
    search_is("search .a.example. b..c \xc3\xa4 d\n", "a.example d");
    search_is("search a.example\nsearch .\n", "");
    search_is("# search a\nsearching b\n", "");

    std::string many = "search";
    for (std::size_t i = 0; i <= kMaxSearchNames; ++i) {
        many += " a";
    }
    assert_int_equal(parse_resolv_conf(many, "").search.size(),
                     kMaxSearchNames);
}

void without_it_the_host_s_domain_counts(void **) {
    search_is("nameserver 1\n", "b.example", "a.b.example");
    search_is("search c.example\n", "c.example", "a.b.example");
    search_is("search .\n", "", "a.b.example");
    search_is("", "", "a");
    search_is("", "", "a.");
}

void ndots(void **) {
    ndots_is("", 1);
    ndots_is("options ndots:5", 5);
    ndots_is("options timeout:1 ndots:0 rotate\n", 0);
    ndots_is("options ndots:2\noptions rotate\n", 2);
    ndots_is("options ndots:15", 15);
    ndots_is("options ndots:16", 15);
    ndots_is("options ndots:99999999999999999999", 15);
    ndots_is("options ndots:", 1);
    ndots_is("options ndots:-1", 1);
    ndots_is("options ndots:2x", 1);
    ndots_is("ndots:7", 1);
}

// As a pod of Kubernetes has it.
void names_of_a_cluster(void **) {
    const ResolvConf conf = parse_resolv_conf(
        "search ns.svc.cluster.local svc.cluster.local cluster.local\n"
        "options ndots:5\n",
        "");
    names_are("keycloak", false, conf,
              "keycloak.ns.svc.cluster.local keycloak.svc.cluster.local "
              "keycloak.cluster.local keycloak");
    names_are("op.example.com", false, conf,
              "op.example.com.ns.svc.cluster.local "
              "op.example.com.svc.cluster.local op.example.com.cluster.local "
              "op.example.com");
    names_are("a.b.c.d.e.example", false, conf,
              "a.b.c.d.e.example a.b.c.d.e.example.ns.svc.cluster.local "
              "a.b.c.d.e.example.svc.cluster.local "
              "a.b.c.d.e.example.cluster.local");
    names_are("op.example.com", true, conf, "op.example.com");
}

void names_without_a_search_list(void **) {
    names_are("op", false, {}, "op");
    names_are("op.example", false, {}, "op.example");
}

void names_have_a_length(void **) {
    ResolvConf conf;
    conf.search = {std::string(51, 'a'), std::string(52, 'a')};
    const std::string name(201, 'b');
    const auto names = names_to_ask(name, false, conf);
    assert_int_equal(names.size(), 2);
    assert_int_equal(names[0].size(), 253);
    assert_string_equal(names[1].c_str(), name.c_str());
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(name_servers),
        cmocka_unit_test(the_last_search_counts),
        cmocka_unit_test(without_it_the_host_s_domain_counts),
        cmocka_unit_test(ndots),
        cmocka_unit_test(names_of_a_cluster),
        cmocka_unit_test(names_without_a_search_list),
        cmocka_unit_test(names_have_a_length),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
