#pragma once
#include <string>
#include <string_view>

namespace bm::images {

/// Normalises an archive's name to "etc/passwd"; "" is the tree's root. Drops leading "./", doubled and
/// trailing slashes and "." components. @throws Refusal: absolute, "..", not UTF-8, control characters,
/// empty, or longer than Linux allows (4095 bytes, 255 per component)
std::string cleanPath(std::string_view name);
/// "usr/bin" of "usr/bin/env", "" of "usr".
std::string_view parentOf(std::string_view path);
/// "env" of "usr/bin/env".
std::string_view lastPartOf(std::string_view path);
/// True for etc, usr and bin: a tree has at least one of them at its top, an archive of layers has none.
bool isRootFolder(std::string_view name);
/// @p text for messages, escaped (text::printable) and at most 200 bytes of it.
std::string printable(std::string_view text);

} // namespace bm::images
