#include "common/wire/resources/chassis_fields.h"

#include "common/wire/resources/resource_assign.h"
#include "common/wire/resources/resource_links.h"
#include "common/wire/resources/resource_shape.cpp.h"

namespace bm::wire {

using model::Chassis;

namespace {

void renderLinks(JsonWriter& out, const Chassis& chassis, std::string_view base)
{
    writeLinks(out, base, "chassis/" + chassis.id.uuid);
}

/// A list in a list: so Ironic has it.
void renderNodes(JsonWriter& out, const Chassis& chassis, std::string_view base)
{
    out.beginArray();
    writeLinks(out, base, "chassis/" + chassis.id.uuid + "/nodes");
    out.endArray();
}

} // namespace

template class ResourceShape<Chassis>;

const ResourceShape<Chassis>& chassisShape()
{
    // clang-format off
    static const ResourceShape<Chassis> shape{{"chassis", {"uuid", "description", "links"}, {}}, {
        {"uuid",        1, true,  false, renderUuid<Chassis>, assignUuid<Chassis>},
        {"created_at",  1, false, false, renderCreatedAt<Chassis>, nullptr},
        {"updated_at",  1, false, false, renderUpdatedAt<Chassis>, nullptr},
        {"description", 1, true,  true,  renderTextOrNull<Chassis, &Chassis::description>, assignText<Chassis, &Chassis::description>},
        {"extra",       1, true,  true,  renderJson<Chassis, &Chassis::extra>, assignObject<Chassis, &Chassis::extra>},
        {"links",       1, false, false, renderLinks, nullptr},
        {"nodes",       1, false, false, renderNodes, nullptr},
    }};
    // clang-format on
    return shape;
}

} // namespace bm::wire
