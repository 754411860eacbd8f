#pragma once
#include "bmd/config.h"
#include "conductor/health/doctor.h"

#include <functional>
#include <vector>

namespace bm::bmd {

/// The checks that apply to this configuration. @p baseUrl returns the URL of the running provisioning
/// listener; each check calls it. All borrowed objects must outlive the checks.
std::vector<conductor::Check> doctorChecks(const Config& config, std::function<std::string()> baseUrl,
                                           const model::Clock& clock, db::Database& database);

} // namespace bm::bmd
