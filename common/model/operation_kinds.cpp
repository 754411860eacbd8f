#include "common/model/operation_kinds.h"

namespace bm::model {
namespace {

constexpr bool isInOrder()
{
    for (std::size_t i = 0; i < kOperationKinds.size(); ++i)
        if (kOperationKinds.at(i).kind != static_cast<OperationKind>(i))
            return false;
    return true;
}
static_assert(isInOrder());

} // namespace

std::string_view toText(OperationKind kind) noexcept
{
    return rowOf(kind).text;
}

std::optional<OperationKind> operationKindFromText(std::string_view text) noexcept
{
    for (const OperationKindRow& row : kOperationKinds)
        if (row.text == text)
            return row.kind;
    return std::nullopt;
}

} // namespace bm::model
