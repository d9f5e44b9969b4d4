#include "print.h"

#include <cstdio>
#include <utility>

#include "idt_base/version.h"
#include "idt_lib/json.h"

namespace id_token::check {

namespace {

struct Mark {
    const char *text;
    const char *word;
    const char *colour;
};

Mark mark_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::good:
            return {"good   ", "good", "\033[32m"};
        case Outcome::refused:
            return {"REFUSED", "refused", "\033[31m"};
        case Outcome::not_judged:
            break;
    }
    return {"-      ", "not_judged", "\033[2m"};
}

void member(std::string &out, std::string_view name, std::string_view value) {
    if (out.back() != '{') {
        out += ',';
    }
    append_json_string(out, name);
    out += ':';
    append_json_string(out, value);
}

}  // namespace

void print_text(const Report &report, bool colours) {
    for (const Row &row : report.rows) {
        const Mark mark = mark_of(row.outcome);
        std::printf(
            "%s%s%s  %-9.*s  %s\n                    wanted: %s  [%.*s]\n",
            colours ? mark.colour : "", mark.text, colours ? "\033[0m" : "",
            static_cast<int>(row.name.size()), row.name.data(), row.saw.c_str(),
            row.wanted.c_str(), static_cast<int>(row.item.size()),
            row.item.data());
    }
    const ErrorRow &verdict = error_row(report.error);
    std::printf("\n%s: %.*s (%.*s)\n",
                report.error == Error::ok ? "accepted" : "refused",
                static_cast<int>(verdict.description.size()),
                verdict.description.data(),
                static_cast<int>(verdict.name.size()), verdict.name.data());
    if (!report.hint.empty()) {
        std::printf("%s\n", report.hint.c_str());
    }
}

void print_json(const Report &report) {
    const ErrorRow &verdict = error_row(report.error);
    std::string out = "{";
    member(out, "version", kVersion);
    member(out, "verdict", report.error == Error::ok ? "accepted" : "refused");
    member(out, "error", verdict.name);
    member(out, "description", verdict.description);
    member(out, "hint", report.hint);
    out += ",\"rules\":[";
    for (const Row &row : report.rows) {
        out += out.back() == '[' ? "{" : ",{";
        member(out, "item", row.item);
        member(out, "name", row.name);
        member(out, "outcome", mark_of(row.outcome).word);
        member(out, "saw", row.saw);
        member(out, "wanted", row.wanted);
        out += '}';
    }
    out += "]}";
    std::puts(out.c_str());
}

}  // namespace id_token::check
