#pragma once
#include <map>
#include <string>
#include <vector>

namespace bm::drivers {

/// What is wrong with settings of "fake-hardware" (see makeFakeHardware), one line per finding, naming the
/// driver_info key; empty: good. Unknown settings are left to others that simulate (the conductor's agent).
std::vector<std::string> validateFakeSettings(const std::map<std::string, std::string>& settings);

} // namespace bm::drivers
