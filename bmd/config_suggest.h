#pragma once
#include <string>
#include <string_view>

namespace bm::bmd {

/// "; did you mean api.port?" for an unknown key path; "" when no key is similar.
std::string suggestKey(std::string_view path);
/// The same for a section's name.
std::string suggestSection(std::string_view name);

} // namespace bm::bmd
