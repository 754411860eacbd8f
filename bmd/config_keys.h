#pragma once
#include "bmd/config.h"
#include "bmd/config_values.h"

#include <span>
#include <string_view>

namespace bm::bmd {

enum class Shape { Scalar, List, Map };

/// A key of bmd.yaml: its parser and its documentation. --print-config, the manual page and suggestions use
/// it, too.
struct ConfigKey {
    std::string_view path; ///< "api.port"
    Shape shape;
    std::string_view type;                            ///< for people: "port", "duration", "auto | on | off"
    std::string_view defaultText;                     ///< the default, as written in the file
    void (*set)(Config& config, const RawValue& raw); ///< @throws Error InvalidInput with the expected form
    std::string_view doc;                             ///< one line; explains an empty value
};

struct ConfigSection {
    std::string_view name;
    std::string_view doc;
};

std::span<const ConfigKey> configKeys();
std::span<const ConfigSection> configSections();

} // namespace bm::bmd
