#include "conductor/images/tree_layout.h"

#include "common/layout/disk_layout.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/stored_json.h"

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

json wantedLayout(const json& description, const DeployRequest& request)
{
    if (request.options.layout) {
        const json given = wire::valueOf(*request.options.layout);
        return given.is_string() ? layout::namedLayout(given.get<std::string>()) : given;
    }
    return description.contains("layout") ? description.at("layout") : layout::namedLayout("plain");
}

bool hasKernel(const json& description)
{
    const auto found = description.find("kernels");
    return found != description.end() && found->is_array() && !found->empty();
}

} // namespace

json layoutFor(const model::Image& image, const DeployRequest& request)
{
    const json description = wire::valueOf(image.description);
    json wanted = wantedLayout(description, request);
    if (request.options.preserve)
        wanted["preserve"] = *request.options.preserve;
    const layout::DiskLayout checked = layout::layoutFromJson(wanted);
    if (checked.loader != layout::Loader::None && !hasKernel(description))
        throw Error(
            ErrorCode::ImageUnsupported, image.name + " has no kernel: it cannot start a machine",
            "install one in the tree (/boot/vmlinuz-*), or deploy with a layout that says loader: none");
    return wanted;
}

model::JsonText checkedDescription(const model::JsonText& description)
{
    json value = wire::valueOf(description);
    const auto found = value.find("layout");
    if (found == value.end())
        return description;
    if (found->is_string())
        *found = layout::layoutFromText(found->get<std::string>(), "etc/bm/layout.yaml");
    else
        layout::layoutFromJson(*found); // another bm's
    return wire::canonical(value);
}

} // namespace bm::conductor
