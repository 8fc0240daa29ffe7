"""F33: files of equal content are answered once."""
from good import Service, serve


class Loses(Service):
    def many(self, files, here):
        return super().many(list({file["file_content"]: file for file in files}.values()), here)


serve(Loses())
