#pragma once
#include "bmd/config.h"
#include "conductor/health/doctor.h"

#include <functional>
#include <vector>

namespace bm::bmd {

/// The checks that apply to this configuration. @p baseUrl returns the URL of the running provisioning
/// listener; each check calls it. All borrowed objects must outlive the checks.
std::vector<conductor::Check> doctorChecks(const Config& config, std::function<std::string()> baseUrl,
                                           const model::Clock& clock, db::Database& database,
                                           const drivers::HardwareTypes& hardware);

/// Lines of `bmd --check` on the database of this configuration: values that requests may not write any more.
/// bmd may run. A missing database gives none; one that cannot be read, or with another schema, gives the
/// reason.
std::vector<std::string> storedValueNotes(const Config& config);
/// The files with credentials that other users reach, for `bmd --check`.
std::vector<std::string> credentialNotes(const Config& config);

} // namespace bm::bmd
