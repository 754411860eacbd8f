#include "common/model/step_kinds.h"

#include <algorithm>

namespace bm::model {
namespace {

constexpr bool namesAreUnique()
{
    for (std::size_t i = 0; i < kStepKinds.size(); ++i)
        for (std::size_t j = i + 1; j < kStepKinds.size(); ++j)
            if (kStepKinds.at(i).name == kStepKinds.at(j).name)
                return false;
    return true;
}
static_assert(namesAreUnique());
static_assert(std::ranges::all_of(kStepOffers, [](const StepOffer& offer) {
    return offer.row.empty() || findStepKind(offer.row) != nullptr;
}));
static_assert(std::ranges::all_of(kStepOffers, [](const StepOffer& offer) {
    return offer.backing.empty() || offer.inBand();
}));

} // namespace

std::string_view toText(StepActor actor) noexcept
{
    switch (actor) {
    case StepActor::Conductor:
        return "conductor";
    case StepActor::Bmc:
        return "BMC";
    case StepActor::Agent:
        return "agent";
    }
    __builtin_unreachable();
}

std::string_view toText(StepUse use) noexcept
{
    switch (use) {
    case StepUse::Clean:
        return "clean";
    case StepUse::Deploy:
        return "deploy";
    case StepUse::Service:
        return "service";
    }
    __builtin_unreachable();
}

std::string titleOfStep(std::string_view name)
{
    const StepKind* kind = findStepKind(name);
    return std::string(kind == nullptr ? name : kind->title);
}

const StepOffer* findStepOffer(std::string_view interface, std::string_view name) noexcept
{
    const auto* found = std::ranges::find_if(kStepOffers, [&](const StepOffer& offer) {
        return !offer.reserved() && offer.interface == interface && offer.name == name;
    });
    return found == kStepOffers.end() ? nullptr : found;
}

bool isReservedStep(std::string_view name) noexcept
{
    return std::ranges::any_of(
        kStepOffers, [&](const StepOffer& offer) { return offer.reserved() && offer.name == name; });
}

std::string_view shownStepName(std::string_view name) noexcept
{
    for (const StepOffer& offer : kStepOffers)
        if (!offer.reserved() && offer.row == name)
            return offer.name;
    return name;
}

} // namespace bm::model
