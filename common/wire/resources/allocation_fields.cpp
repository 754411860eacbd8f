#include "common/wire/resources/allocation_fields.h"

#include "common/wire/resources/resource_assign.h"
#include "common/wire/resources/resource_links.h"
#include "common/wire/resources/resource_shape.cpp.h"
#include "common/wire/resources/trait_names.h"

namespace bm::wire {

using model::Allocation;

namespace {

void renderLinks(JsonWriter& out, const Allocation& allocation, std::string_view base)
{
    writeLinks(out, base, "allocations/" + allocation.id.uuid);
}

void renderNodeOrNull(JsonWriter& out, const Allocation& allocation, std::string_view /*base*/)
{
    out.stringOrNull(allocation.node.uuid);
}

/// null and "" are no node, as in a body without the field.
void assignNodeOrNull(Allocation& allocation, const nlohmann::json& value, std::string_view field)
{
    if (value.is_null() || value == "")
        allocation.node = {};
    else
        assignNode(allocation, value, field);
}

void assignCandidates(Allocation& allocation, const nlohmann::json& value, std::string_view field)
{
    const std::vector<std::string> nodes =
        value.is_null() ? std::vector<std::string>{} : asStrings(value, field);
    allocation.candidateNodes = canonical(nlohmann::json(nodes));
}

void assignTraits(Allocation& allocation, const nlohmann::json& value, std::string_view field)
{
    allocation.traits = canonical(nlohmann::json(asTraits(value, field)));
}

} // namespace

template class ResourceShape<Allocation>;

const ResourceShape<Allocation>& allocationShape()
{
    using A = Allocation;
    // clang-format off
    static const ResourceShape<A> shape{
        {"allocation",
         {"uuid", "created_at", "updated_at", "candidate_nodes", "extra", "last_error", "name", "owner", "resource_class", "state", "traits", "links", "node_uuid"},
         {}}, {
        {"uuid",            52, true,  false, renderUuid<A>, assignUuid<A>},
        {"created_at",      52, false, false, renderCreatedAt<A>, nullptr},
        {"updated_at",      52, false, false, renderUpdatedAt<A>, nullptr},
        {"candidate_nodes", 52, true,  false, renderJson<A, &A::candidateNodes>, assignCandidates},
        {"extra",           52, true,  true,  renderJson<A, &A::extra>, assignObject<A, &A::extra>},
        {"last_error",      52, false, false, renderTextOrNull<A, &A::lastError>, nullptr},
        {"name",            52, true,  true,  renderTextOrNull<A, &A::name>, assignName<A, &A::name>},
        {"owner",           60, true,  false, renderTextOrNull<A, &A::owner>, assignText<A, &A::owner>},
        {"resource_class",  52, true,  false, renderTextOrNull<A, &A::resourceClass>, assignText<A, &A::resourceClass, kMostOfClass>},
        {"state",           52, false, false, renderText<A, &A::state>, nullptr},
        {"traits",          52, true,  false, renderJson<A, &A::traits>, assignTraits},
        {"links",           52, false, false, renderLinks, nullptr},
        {"node_uuid",       52, false, false, renderNodeOrNull, nullptr},
        {"node",            58, true,  false, nullptr, assignNodeOrNull},
    }};
    // clang-format on
    return shape;
}

} // namespace bm::wire
