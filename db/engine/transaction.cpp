#include "db/engine/transaction.h"

#include "common/model/error.h"

namespace bm::db {

/// Refuses every statement after the error that ended the transaction. A unit that catches that error would
/// otherwise continue outside any transaction.
template <class Statement> auto Transaction::guarded(Statement&& statement)
{
    if (doom_)
        std::rethrow_exception(doom_);
    try {
        return statement();
    } catch (...) {
        if (isLost())
            doom_ = std::current_exception();
        throw;
    }
}

std::vector<Row> Transaction::query(std::string_view sql, const std::vector<Value>& parameters)
{
    return guarded([&] { return runQuery(sql, parameters); });
}

std::int64_t Transaction::execute(std::string_view sql, const std::vector<Value>& parameters)
{
    return guarded([&] { return runExecute(sql, parameters); });
}

std::int64_t Transaction::nextNumber(std::string_view sequence)
{
    return guarded([&] { return runNextNumber(sequence); });
}

void Transaction::afterCommit(std::function<void()> action)
{
    BM_ASSERT(writable_);
    afterCommit_.push_back(std::move(action));
}

} // namespace bm::db
