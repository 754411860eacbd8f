#include "common/wire/resources/port_group_fields.h"

#include "common/wire/resources/resource_assign.h"
#include "common/wire/resources/resource_links.h"
#include "common/wire/resources/resource_shape.cpp.h"

namespace bm::wire {

using model::PortGroup;

namespace {

void renderLinks(JsonWriter& out, const PortGroup& group, std::string_view base)
{
    writeLinks(out, base, "portgroups/" + group.id.uuid);
}

void renderPorts(JsonWriter& out, const PortGroup& group, std::string_view base)
{
    writeLinks(out, base, "portgroups/" + group.id.uuid + "/ports");
}

void assignAddress(PortGroup& group, const nlohmann::json& value, std::string_view field)
{
    const std::string text = asStringOrNull(value, field);
    group.address = value.is_null() ? "" : requireMac(field, text).text;
}

void assignMode(PortGroup& group, const nlohmann::json& value, std::string_view field)
{
    group.mode = value.is_null() ? PortGroup{}.mode : asString(value, field);
    requireLength(field, group.mode, kMostOfName);
}

} // namespace

template class ResourceShape<PortGroup>;

const ResourceShape<PortGroup>& portGroupShape()
{
    // clang-format off
    static const ResourceShape<PortGroup> shape{{"portgroup", {"uuid", "address", "name", "links"}, {"node_uuid"}}, {
        {"uuid",          23, true,  false, renderUuid<PortGroup>, assignUuid<PortGroup>},
        {"created_at",    23, false, false, renderCreatedAt<PortGroup>, nullptr},
        {"updated_at",    23, false, false, renderUpdatedAt<PortGroup>, nullptr},
        {"address",       23, true,  true,  renderTextOrNull<PortGroup, &PortGroup::address>, assignAddress},
        {"extra",         23, true,  true,  renderJson<PortGroup, &PortGroup::extra>, assignObject<PortGroup, &PortGroup::extra>},
        {"internal_info", 23, false, false, [](JsonWriter& o, const PortGroup&, std::string_view) { o.raw("{}"); }, nullptr},
        {"mode",          26, true,  true,  renderText<PortGroup, &PortGroup::mode>, assignMode, 23},
        {"name",          23, true,  true,  renderTextOrNull<PortGroup, &PortGroup::name>, assignName<PortGroup, &PortGroup::name>},
        {"physical_network", 102, true, true, renderTextOrNull<PortGroup, &PortGroup::physicalNetwork>, assignText<PortGroup, &PortGroup::physicalNetwork, kMostOfNetwork>},
        {"category",     103, true,  true,  renderTextOrNull<PortGroup, &PortGroup::category>, assignText<PortGroup, &PortGroup::category>},
        {"properties",    26, true,  true,  renderJson<PortGroup, &PortGroup::properties>, assignObject<PortGroup, &PortGroup::properties>, 23},
        {"standalone_ports_supported", 23, true, true, renderFlag<PortGroup, &PortGroup::standalonePorts>, assignFlag<PortGroup, &PortGroup::standalonePorts>},
        {"dynamic_portgroup", 111, false, false, [](JsonWriter& o, const PortGroup&, std::string_view) { o.boolean(false); }, nullptr},
        {"node_uuid",     23, true,  false, renderNode<PortGroup>, assignNode<PortGroup>},
        {"links",         23, false, false, renderLinks, nullptr},
        {"ports",         24, false, false, renderPorts, nullptr},
    }};
    // clang-format on
    return shape;
}

} // namespace bm::wire
