#include "db/engine/connection.h"

#include <utility>

namespace bm::db {

void Connection::begin(Access access)
{
    doom_ = nullptr;
    runBegin(access);
    begun_ = true;
    writable_ = access == Access::Write;
}

void Connection::commit()
{
    if (doom_)
        std::rethrow_exception(doom_);
    runCommit();
    begun_ = writable_ = false;
}

void Connection::rollback()
{
    doom_ = nullptr;
    writable_ = false;
    if (std::exchange(begun_, false))
        runRollback();
}

} // namespace bm::db
