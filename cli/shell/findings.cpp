#include "cli/shell/findings.h"

#include <fmt/format.h>
#include <iostream>

namespace bm::cli {

using nlohmann::json;

json finding(const std::string& id, const std::string& severity, const std::string& what,
             const std::string& remedy)
{
    return {{"id", id},
            {"severity", severity},
            {"subject", nullptr},
            {"what", what},
            {"remedy", remedy.empty() ? json() : json(remedy)}};
}

int showFindings(const Shell& shell, const json& findings)
{
    std::map<std::string, int> counts;
    for (const json& each : findings)
        ++counts[each.at("severity").get<std::string>()];
    if (!shell.view().table() || !shell.columnsOption.empty()) {
        shell.print(findings,
                    {{"CHECK", "id"}, {"SEVERITY", "severity"}, {"WHAT", "what"}, {"REMEDY", "remedy"}});
        return counts["error"] == 0 ? 0 : 1;
    }
    for (const json& each : findings) {
        const std::string subject = plainText(each.value("subject", json()));
        const std::string what = each.at("what").get<std::string>();
        const bool named = subject != "-" && what.find(subject) == std::string::npos;
        std::cout << fmt::format("{:<8} {:<12} {}{}\n", each.at("severity").get<std::string>(),
                                 each.at("id").get<std::string>(), named ? subject + ": " : "", what);
        if (each.at("remedy").is_string())
            std::cout << fmt::format("{:22}remedy: {}\n", "", each.at("remedy").get<std::string>());
    }
    std::cout << fmt::format("{} errors, {} warnings, {} ok\n", counts["error"], counts["warning"],
                             counts["ok"]);
    return counts["error"] == 0 ? 0 : 1;
}

} // namespace bm::cli
