#include "api/access/account_lines.h"

#include "common/model/error.h"

#include <fmt/format.h>
#include <sstream>

namespace bm::api {

using model::Error;
using model::ErrorCode;

void forEachAccountLine(const std::string& text, const std::string& file, const std::string& form,
                        const std::string& command, const std::function<bool(const std::string& row)>& take)
{
    std::istringstream lines(text);
    std::size_t number = 0;
    for (std::string row; std::getline(lines, row);) {
        ++number;
        if (!row.empty() && row.back() == '\r')
            row.pop_back();
        if (row.empty() || row.front() == '#')
            continue;
        std::string why;
        try {
            if (take(row))
                continue;
        } catch (const Error& error) {
            why = ": " + error.message();
        }
        throw Error(ErrorCode::InvalidInput, fmt::format("{}:{}: expected {}{}", file, number, form, why),
                    "create a line with: " + command);
    }
}

} // namespace bm::api
