#pragma once
#include <functional>
#include <string>

namespace bm::api {

/// Calls @p take with each line, except comments and empty lines. Refuses a line, with file and line number,
/// when @p take returns false or throws. @throws Error InvalidInput
void forEachAccountLine(const std::string& text, const std::string& file, const std::string& form,
                        const std::string& command, const std::function<bool(const std::string& row)>& take);

} // namespace bm::api
