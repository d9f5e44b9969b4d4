// What the token minter leaves behind.

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>

#include "mint/mint_keys.h"
#include "unit/support.h"

namespace {

mode_t mode_of(const std::string &path) {
    struct stat info {};
    assert_int_equal(stat(path.c_str(), &info), 0);
    return info.st_mode & 0777;
}

void a_secret_is_its_owners_alone(void **) {
    char folder[] = "/tmp/mint_test.XXXXXX";
    assert_non_null(mkdtemp(folder));
    const std::string path = std::string(folder) + "/key.pem";
    const mode_t before = umask(0022);

    mint::write_secret(path, "first");
    assert_int_equal(mode_of(path), 0600);
    assert_text(mint::read_file(path), "first");

    std::ofstream(path) << "a longer text that others may read";
    assert_int_equal(chmod(path.c_str(), 0644), 0);
    mint::write_secret(path, "second");
    assert_int_equal(mode_of(path), 0600);
    assert_text(mint::read_file(path), "second");

    umask(before);
    unlink(path.c_str());
    rmdir(folder);
}

void what_cannot_be_written_is_told(void **) {
    bool told = false;
    try {
        mint::write_secret("/nonexistent/key.pem", "text");
    } catch (const std::runtime_error &) {
        told = true;
    }
    assert_true(told);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_is_its_owners_alone),
        cmocka_unit_test(what_cannot_be_written_is_told),
    };
    return cmocka_run_group_tests_name("mint", tests, nullptr, nullptr);
}
