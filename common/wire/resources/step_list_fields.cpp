#include "common/wire/resources/step_list_fields.h"

#include "common/wire/resources/resource_assign.h"
#include "common/wire/resources/resource_links.h"
#include "common/wire/resources/resource_shape.cpp.h"
#include "common/wire/resources/step_list.h"
#include "common/wire/resources/trait_names.h"

namespace bm::wire {

using model::DeployTemplate;
using model::Runbook;

namespace {

void assignTraitName(DeployTemplate& item, const nlohmann::json& value, std::string_view field)
{
    item.name = asString(value, field);
    requireTrait(item.name, field); // nodes with the trait of its name get the template's steps
}

void assignRunbookName(Runbook& runbook, const nlohmann::json& value, std::string_view field)
{
    runbook.name = asName(value, field);
    if (runbook.name.empty() || runbook.name.size() > 255 || model::isUuid(runbook.name))
        throw model::Error(model::ErrorCode::InvalidInput,
                           fmt::format("{}: \"{}\" is not a name", field, runbook.name.substr(0, 80)),
                           "up to 255 characters, not in the form of a uuid");
}

template <class T, StepOrder Order>
void assignSteps(T& item, const nlohmann::json& value, std::string_view field)
{
    item.steps = asSteps(value, field, Order);
}

void assignTraits(Runbook& runbook, const nlohmann::json& value, std::string_view field)
{
    runbook.traits = canonical(nlohmann::json(asTraits(value, field)));
}

void renderTemplateLinks(JsonWriter& out, const DeployTemplate& item, std::string_view base)
{
    writeLinks(out, base, "deploy_templates/" + item.id.uuid);
}

void renderRunbookLinks(JsonWriter& out, const Runbook& item, std::string_view base)
{
    writeLinks(out, base, "runbooks/" + item.id.uuid);
}

} // namespace

template class ResourceShape<DeployTemplate>;
template class ResourceShape<Runbook>;

const ResourceShape<DeployTemplate>& deployTemplateShape()
{
    using D = DeployTemplate;
    // clang-format off
    static const ResourceShape<D> shape{{"deploy template", {"uuid", "name", "links"}, {"name", "steps"}}, {
        {"uuid",       55, true,  false, renderUuid<D>, assignUuid<D>},
        {"created_at", 55, false, false, renderCreatedAt<D>, nullptr},
        {"updated_at", 55, false, false, renderUpdatedAt<D>, nullptr},
        {"name",       55, true,  true,  renderText<D, &D::name>, assignTraitName},
        {"extra",      55, true,  true,  renderJson<D, &D::extra>, assignObject<D, &D::extra>},
        {"links",      55, false, false, renderTemplateLinks, nullptr},
        {"steps",      55, true,  true,  renderJson<D, &D::steps>, assignSteps<D, StepOrder::Priority>},
    }};
    // clang-format on
    return shape;
}

const ResourceShape<Runbook>& runbookShape()
{
    using R = Runbook;
    // clang-format off
    static const ResourceShape<R> shape{{"runbook", {"uuid", "name", "links"}, {"name", "steps"}}, {
        {"uuid",            92,  true,  false, renderUuid<R>, assignUuid<R>},
        {"created_at",      92,  false, false, renderCreatedAt<R>, nullptr},
        {"updated_at",      92,  false, false, renderUpdatedAt<R>, nullptr},
        {"name",            92,  true,  true,  renderText<R, &R::name>, assignRunbookName},
        {"disable_ramdisk", 92,  true,  true,  renderFlag<R, &R::disableRamdisk>, assignFlag<R, &R::disableRamdisk>},
        {"extra",           92,  true,  true,  renderJson<R, &R::extra>, assignObject<R, &R::extra>},
        {"public",          92,  true,  true,  renderFlag<R, &R::isPublic>, assignFlag<R, &R::isPublic>},
        {"owner",           92,  true,  true,  renderTextOrNull<R, &R::owner>, assignText<R, &R::owner>},
        {"steps",           92,  true,  true,  renderJson<R, &R::steps>, assignSteps<R, StepOrder::Order>},
        {"description",     112, true,  true,  renderTextOrNull<R, &R::description>, assignText<R, &R::description, kMostOfSentences>},
        {"traits",          112, true,  true,  renderJson<R, &R::traits>, assignTraits},
        {"links",           92,  false, false, renderRunbookLinks, nullptr},
    }};
    // clang-format on
    return shape;
}

} // namespace bm::wire
