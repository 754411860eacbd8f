#include "common/wire/resources/volume_fields.h"

#include "common/wire/json/schema_words.h"
#include "common/wire/resources/resource_assign.h"
#include "common/wire/resources/resource_links.h"
#include "common/wire/resources/resource_shape.cpp.h"

#include <array>

namespace bm::wire {

using model::VolumeConnector;
using model::VolumeTarget;

namespace {

constexpr auto kConnectorTypes =
    std::to_array<std::string_view>({"ip", "iqn", "mac", "port", "portgroup", "wwnn", "wwpn"});

void assignType(VolumeConnector& connector, const nlohmann::json& value, std::string_view field)
{
    connector.type = asString(value, field);
    if (std::ranges::find(kConnectorTypes, connector.type) == kConnectorTypes.end())
        throw notOneOf(field, connector.type, kConnectorTypes);
}

void assignBootIndex(VolumeTarget& target, const nlohmann::json& value, std::string_view field)
{
    constexpr std::int64_t kMost = 1'000'000;
    target.bootIndex =
        value.is_string()
            ? asInteger(nlohmann::json::parse(asString(value, field), nullptr, false), field, 0, kMost)
            : asInteger(value, field, 0, kMost);
}

void renderConnectorLinks(JsonWriter& out, const VolumeConnector& connector, std::string_view base)
{
    writeLinks(out, base, "volume/connectors/" + connector.id.uuid);
}

void renderTargetLinks(JsonWriter& out, const VolumeTarget& target, std::string_view base)
{
    writeLinks(out, base, "volume/targets/" + target.id.uuid);
}

} // namespace

template class ResourceShape<VolumeConnector>;
template class ResourceShape<VolumeTarget>;

const ResourceShape<VolumeConnector>& volumeConnectorShape()
{
    using C = VolumeConnector;
    // clang-format off
    static const ResourceShape<C> shape{{"volume connector", {"uuid", "connector_id", "type", "links", "node_uuid"}, {"connector_id", "node_uuid", "type"}}, {
        {"uuid",         32, true,  false, renderUuid<C>, assignUuid<C>},
        {"created_at",   32, false, false, renderCreatedAt<C>, nullptr},
        {"updated_at",   32, false, false, renderUpdatedAt<C>, nullptr},
        {"connector_id", 32, true,  true,  renderText<C, &C::connectorId>, assignString<C, &C::connectorId>},
        {"extra",        32, true,  true,  renderJson<C, &C::extra>, assignObject<C, &C::extra>},
        {"type",         32, true,  true,  renderText<C, &C::type>, assignType},
        {"links",        32, false, false, renderConnectorLinks, nullptr},
        {"node_uuid",    32, true,  true,  renderNode<C>, assignNode<C>},
    }};
    // clang-format on
    return shape;
}

const ResourceShape<VolumeTarget>& volumeTargetShape()
{
    using V = VolumeTarget;
    // clang-format off
    static const ResourceShape<V> shape{{"volume target", {"uuid", "boot_index", "volume_id", "volume_type", "links", "node_uuid"}, {"boot_index", "node_uuid", "volume_id", "volume_type"}}, {
        {"uuid",        32, true,  false, renderUuid<V>, assignUuid<V>},
        {"created_at",  32, false, false, renderCreatedAt<V>, nullptr},
        {"updated_at",  32, false, false, renderUpdatedAt<V>, nullptr},
        {"boot_index",  32, true,  true,  [](JsonWriter& o, const V& v, std::string_view) { o.number(v.bootIndex); }, assignBootIndex},
        {"extra",       32, true,  true,  renderJson<V, &V::extra>, assignObject<V, &V::extra>},
        {"properties",  32, true,  true,  renderJson<V, &V::properties>, assignObject<V, &V::properties>},
        {"volume_id",   32, true,  true,  renderText<V, &V::volumeId>, assignString<V, &V::volumeId>},
        {"volume_type", 32, true,  true,  renderText<V, &V::volumeType>, assignString<V, &V::volumeType, kMostOfNetwork>},
        {"links",       32, false, false, renderTargetLinks, nullptr},
        {"node_uuid",   32, true,  true,  renderNode<V>, assignNode<V>},
    }};
    // clang-format on
    return shape;
}

} // namespace bm::wire
