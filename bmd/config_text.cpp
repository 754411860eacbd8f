#include "bmd/config.h"

#include "bmd/config_keys.h"

#include <fmt/format.h>

namespace bm::bmd {
namespace {

std::string leafOf(const ConfigKey& key)
{
    return std::string(key.path.substr(key.path.find('.') + 1));
}

bool isIn(const ConfigKey& key, const ConfigSection& section)
{
    return key.path.substr(0, key.path.find('.')) == section.name;
}

std::string shownDefault(const ConfigKey& key)
{
    return key.defaultText.empty() ? "\"\"" : std::string(key.defaultText);
}

/// Escapes roff's special characters.
std::string roff(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        if (c == '\\')
            out += "\\e";
        else if (c == '-')
            out += "\\-";
        else if (c == '"')
            out += "\\(dq";
        else if ((c == '.' || c == '\'') && out.empty())
            out += std::string("\\&") + c;
        else
            out += c;
    }
    return out;
}

constexpr std::string_view kManHead =
    R"(.\" Generated from the table of keys (bmd/config_keys.cpp) by the build target man
.TH BMD.YAML 5 "" "bm" "File formats"
.SH NAME
bmd.yaml \- configuration of bmd, the bare\-metal provisioning server
.SH SYNOPSIS
.I /etc/bm/bmd.yaml
.SH DESCRIPTION
YAML: sections with keys below them.
Every key has a working default; a file without keys, or no file, runs the API on loopback with simulated machines.
.B bmd \-\-check
reports errors in a file, with line and column, and
.B bmd \-\-print\-config
prints this page as a file to edit.
Durations have units (250ms, 30s, 5m, 1h30m, 2d), sizes too (KiB, MiB, GiB, TiB: powers of 1024; kB, MB, GB, TB: of 1000).
Changes are read when bmd starts:
.BR "systemctl restart bmd" .
)";

constexpr std::string_view kManTail = R"(.SH EXAMPLE
.nf
provisioning:
  interface: eth1
dhcp:
  mode: managed
  range: 10.77.0.100\-10.77.0.199
.fi
.SH SEE ALSO
.BR bmd (8),
.BR bm (1)
)";

} // namespace

std::string configText()
{
    std::string text = "# Configuration of bmd (see bmd.yaml(5)). Every key has its default here; remove "
                       "the # to change it.\n"
                       "# Check a file with: bmd --check --config FILE\n";
    for (const ConfigSection& section : configSections()) {
        text += fmt::format("\n# {}\n{}:\n", section.doc, section.name);
        for (const ConfigKey& key : configKeys())
            if (isIn(key, section))
                text += fmt::format("  # {} [{}]\n  #{}: {}\n", key.doc, key.type, leafOf(key),
                                    shownDefault(key));
    }
    return text;
}

std::string configManPage()
{
    std::string page(kManHead);
    for (const ConfigSection& section : configSections()) {
        page += fmt::format(".SH SECTION {}\n{}\n", roff(section.name), roff(section.doc));
        for (const ConfigKey& key : configKeys())
            if (isIn(key, section))
                page += fmt::format(".TP\n.BR {} \" ({}; default {})\"\n{}\n", roff(leafOf(key)),
                                    roff(key.type), roff(shownDefault(key)), roff(key.doc));
    }
    return page + std::string(kManTail);
}

} // namespace bm::bmd
