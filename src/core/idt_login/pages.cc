#include "idt_login/pages.h"

#include <cstddef>
#include <iterator>

namespace id_token {

namespace {

constexpr std::string_view kAgain = R"(<p><a href="/">Begin again</a></p>
)";
// Without an action it goes to where the page is from.
constexpr std::string_view kLogout =
    R"(<form method="post"><button type="submit">Log out</button></form>
)";

struct PageRow {
    int status;
    std::string_view title;
    std::string_view text;
    std::string_view below;
};

// In the order of enum Page.
constexpr PageRow kPages[] = {
    {200, "", "", ""},
    {400, "Login failed", "The answer of the login service is malformed.",
     kAgain},
    {403, "Login not completed",
     "The login took too long, was completed already, or this browser does not "
     "keep cookies.",
     kAgain},
    {403, "Login failed", "The login service refused the login.", kAgain},
    {403, "Login failed", "The answer of the login service is not valid.",
     kAgain},
    {503, "Login not possible now",
     "The login service cannot be reached. Please try again later.", kAgain},
    {403, "Login failed",
     "The login succeeded several times, but the session is refused. Please "
     "tell the administrator.",
     kAgain},
    {403, "Login failed",
     "The identity is too large for the cookies of a browser. Please tell the "
     "administrator.",
     ""},
    {200, "Logged out", "You are logged out.", ""},
    {200, "Log out", "Do you want to log out?", kLogout},
    {403, "Not logged out", "The request did not come from this site.",
     kLogout},
    {200, "One moment",
     "You were logged out a moment ago, and are being logged in again.",
     kAgain},
};
static_assert(std::size(kPages) == static_cast<std::size_t>(Page::again) + 1);

const PageRow &row_of(Page page) noexcept {
    return kPages[static_cast<std::size_t>(page)];
}

}  // namespace

int page_status(Page page) noexcept {
    return row_of(page).status;
}

std::string page_html(Page page, std::string_view code) {
    const PageRow &row = row_of(page);
    std::string out = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>)";
    out += row.title;
    out += "</title>\n</head>\n<body>\n<h1>";
    out += row.title;
    out += "</h1>\n<p>";
    out += row.text;
    out += "</p>\n";
    if (page == Page::tenant_error && !code.empty()) {
        out += "<p><code>";
        out += code;
        out += "</code></p>\n";
    }
    out += row.below;
    return out + "</body>\n</html>\n";
}

}  // namespace id_token
