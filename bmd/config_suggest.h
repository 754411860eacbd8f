#pragma once
#include <string>
#include <string_view>

namespace bm::bmd {

/// "; did you mean api.port?" for a key path that is none, or "" when nothing comes near.
std::string suggestKey(std::string_view path);
/// The same for a section's name.
std::string suggestSection(std::string_view name);

} // namespace bm::bmd
