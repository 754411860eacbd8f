#pragma once
#include "cli/shell/shell.h"

#include <string>

namespace bm::cli {

/// One line of `bm doctor` and `bm node check`, in the shape of GET /v1/doctor's findings.
nlohmann::json finding(const std::string& id, const std::string& severity, const std::string& what,
                       const std::string& remedy = {});
/// Shows them, the grave ones marked, and their sum. @return 0 without an error among them, else 1
int showFindings(const Shell& shell, const nlohmann::json& findings);

} // namespace bm::cli
