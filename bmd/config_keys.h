#pragma once
#include "bmd/config.h"
#include "bmd/config_values.h"

#include <span>
#include <string_view>

namespace bm::bmd {

enum class Shape { Scalar, List, Map };

/// One key of bmd.yaml: what parses it, prints it, documents it and suggests it.
struct ConfigKey {
    std::string_view path; ///< "api.port"
    Shape shape;
    std::string_view type;                           ///< for people: "port", "duration", "auto | on | off"
    std::string_view standard;                       ///< the default, as it would be written in the file
    void (*set)(Config& config, const Given& given); ///< @throws Error InvalidInput: what was expected
    std::string_view doc; ///< one line; what follows from an empty value is said here
};

struct ConfigSection {
    std::string_view name;
    std::string_view doc;
};

std::span<const ConfigKey> configKeys();
std::span<const ConfigSection> configSections();

} // namespace bm::bmd
