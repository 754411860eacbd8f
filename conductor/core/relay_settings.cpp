#include "conductor/core/relay_settings.h"

namespace bm::conductor {

std::optional<RelayOrder> relayOrderFromText(const std::string& text)
{
    if (text == "rack")
        return RelayOrder::Rack;
    if (text == "address")
        return RelayOrder::Address;
    if (text == "join")
        return RelayOrder::Join;
    return std::nullopt;
}

} // namespace bm::conductor
