#pragma once
#include <string>
#include <string_view>

namespace bm::model {

/// True if @p word can stand on a kernel's command line in an iPXE script: printable ASCII, no "${", none of
/// the words that end a command or begin a comment there.
bool isKernelArgument(std::string_view word) noexcept;
/// All of them, 1,500 bytes at most (x86 takes 2,047, and bm adds its own).
/// @throws Error InvalidInput naming @p field
void checkKernelArguments(std::string_view arguments, const std::string& field);

} // namespace bm::model
