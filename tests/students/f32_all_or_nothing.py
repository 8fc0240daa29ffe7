"""F32: one bad file fails the whole batch."""
from good import Service, serve


class AllOrNothing(Service):
    def many(self, files, here):
        return {"results": [self.one(file, here) for file in files]}


serve(AllOrNothing())
