#pragma once
#include <functional>
#include <string>

namespace bm::api {

/// Calls @p take with each line that is no comment and not empty; what it returns false for, or throws about,
/// is refused by file and line. @throws Error InvalidInput
void forEachAccountLine(const std::string& text, const std::string& file, const std::string& form,
                        const std::string& command, const std::function<bool(const std::string& row)>& take);

} // namespace bm::api
