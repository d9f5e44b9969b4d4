// A report for people and for programs, on standard output.

#ifndef CHECK_PRINT_H
#define CHECK_PRINT_H

#include "report.h"

namespace id_token::check {

void print_text(const Report &report, bool colours);
void print_json(const Report &report);  // throws std::bad_alloc

}  // namespace id_token::check

#endif
