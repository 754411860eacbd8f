#pragma once
#include "bmd/config.h"
#include "conductor/health/doctor.h"

#include <functional>
#include <vector>

namespace bm::bmd {

/// All checks that this configuration gives reason for. @p baseUrl: of the provisioning listener as it runs,
/// asked when a check does. Everything borrowed outlives the checks.
std::vector<conductor::Check> doctorChecks(const Config& config, std::function<std::string()> baseUrl,
                                           const model::Clock& clock, db::Database& database);

} // namespace bm::bmd
