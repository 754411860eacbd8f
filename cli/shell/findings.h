#pragma once
#include "cli/shell/shell.h"

#include <string>

namespace bm::cli {

/// Makes a finding of `bm doctor` or `bm node check`, in the shape of GET /v1/doctor's findings.
nlohmann::json finding(const std::string& id, const std::string& severity, const std::string& what,
                       const std::string& remedy = {});
/// Prints the findings, marks warnings and errors, and prints the counts. @return 0 when none is an error,
/// else 1
int showFindings(const Shell& shell, const nlohmann::json& findings);

} // namespace bm::cli
