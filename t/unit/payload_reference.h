// jansson as the reference of Payload: whatever the text, they agree.
#pragma once

#include <string>
#include <string_view>

namespace unit {

// The text with what may spoil a value of a payload made harmless: escapes of
// NUL and of lone surrogates, numbers that jansson cannot hold.
std::string without_spoilers(std::string_view text);

// Empty: Payload and jansson agree about the text. Else what they differ in.
//
//  - Payload takes it if and only if jansson takes it without its spoilers.
//  - Without spoilers both hold the same, and show it in the same bytes.
//  - What Payload shows, Payload takes, and shows again in the same bytes.
std::string difference_from_jansson(std::string_view text);

}  // namespace unit
