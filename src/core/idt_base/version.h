// The one place that says which version this is; see "Changes" in README.md.

#ifndef IDT_BASE_VERSION_H
#define IDT_BASE_VERSION_H

namespace id_token {

inline constexpr char kVersion[] = "1.0.0";  // semver.org

}  // namespace id_token

#endif
