#pragma once
#include <string>
#include <string_view>

namespace bm::images {

/// A name as an archive gives it, made into "etc/passwd"; "" is the tree's root. Leading "./", doubled and
/// trailing slashes and "." parts go. @throws Refusal: absolute, "..", not UTF-8, control characters, longer
/// than Linux takes (4095 bytes, 255 a part), empty
std::string cleanPath(std::string_view name);
/// "usr/bin" of "usr/bin/env", "" of "usr".
std::string_view parentOf(std::string_view path);
/// "env" of "usr/bin/env".
std::string_view lastPartOf(std::string_view path);
/// For messages: at most 200 bytes, what is not printable as \x..
std::string printable(std::string_view text);

} // namespace bm::images
