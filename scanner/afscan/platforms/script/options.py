"""Options of the programs that rules ask about: which of them take a value, and what their short forms mean.

Each row is from the program's own manual: postgresql.org (psql, pg_dump, pg_dumpall, pg_restore), redis.io "redis-cli", curl.se
manpage, GNU wget, kubernetes.io "kubectl", docs.docker.com "docker run", AWS CLI, gzip(1), neo4j.com "Cypher Shell" and
"neo4j-admin", helm.sh, trivy.dev.
"""

from functools import cache
from typing import NamedTuple

_LIBPQ = "h=host p=port U=username d=dbname W:password w:no-password"
_DUMP = f"{_LIBPQ} f=file F=format j=jobs n=schema N=exclude-schema t=table T=exclude-table Z=compress E=encoding S=superuser"
_TABLE = {
    "psql": (
        f"{_LIBPQ} c=command f=file v=set o=output L=log-file P=pset F=field-separator R=record-separator T=table-attr "
        "t:tuples-only A:no-align X:no-psqlrc q:quiet 1:single-transaction l:list b:echo-errors e:echo-queries "
        "E:echo-hidden a:echo-all"
    ),
    "pg_dump": f"{_DUMP} a:data-only b:large-objects c:clean C:create O:no-owner x:no-privileges s:schema-only v:verbose",
    "pg_dumpall": (
        f"{_LIBPQ} f=file l=database S=superuser g:globals-only r:roles-only c:clean O:no-owner x:no-privileges "
        "v:verbose t:tablespaces-only s:schema-only a:data-only"
    ),
    "pg_restore": (
        f"{_DUMP} I=index L=use-list P=function l:list a:data-only c:clean C:create O:no-owner x:no-privileges "
        "v:verbose e:exit-on-error 1:single-transaction s:schema-only"
    ),
    "pg_basebackup": (
        "h=host p=port U=username d=dbname D=pgdata F=format X=wal-method c=checkpoint r=max-rate l=label z:gzip "
        "Z=compress w:no-password W:password P:progress v:verbose R:write-recovery-conf"
    ),
    "pg_isready": "h=host p=port U=username d=dbname t=timeout q:quiet",
    "createdb": "h=host p=port U=username O=owner T=template E=encoding D=tablespace l=locale e:echo",
    "dropdb": "h=host p=port U=username f:force i:interactive e:echo",
    "redis-cli": (
        "h=host p=port a=pass u=uri n=db r=repeat i=interval s=socket x:x X=X e:e 2:2 3:3 c:c v:version -user= -pass= "
        "-rdb= -cacert= -cacertdir= -cert= -key= -sni= -eval= -cluster= -pipe-timeout= -askpass: -tls: -insecure: "
        "-no-auth-warning:"
    ),
    "curl": (
        "u=user H=header d=data o=output X=request A=user-agent b=cookie c=cookie-jar e=referer F=form m=max-time "
        "w=write-out x=proxy T=upload-file K=config E=cert C=continue-at r=range y=speed-time Y=speed-limit z=time- "
        "cond U=proxy-user Q=quote P=ftp-port D=dump-header h=help t=telnet-option k:insecure f:fail s:silent S:show- "
        "error L:location I:head i:include v:verbose O:remote-name g:globoff G:get j:junk-session-cookies J:remote- "
        "header-name N:no-buffer n:netrc p:proxytunnel q:disable a:append B:use-ascii -cacert= -capath= -cert= -key= "
        "-cert-type= -key-type= -data-raw= -data-binary= -data-urlencode= -json= -connect-timeout= -retry= -retry- "
        "delay= -retry-max-time= -url= -oauth2-bearer= -resolve= -connect-to= -unix-socket= -interface= -pass= -tls- "
        "max= -ciphers= -proxy-user= -max-redirs= -limit-rate= -aws-sigv4= -noproxy= -output-dir= -form-string= -url- "
        "query= -variable="
    ),
    "wget": (
        "O=output-document o=output-file P=directory-prefix U=user-agent t=tries T=timeout w=wait e=execute i=input- "
        "file a=append-output q:quiet S:server-response c:continue N:timestamping r:recursive -header= -post-data= "
        "-post-file= -user= -password= -ca-certificate= -certificate= -private-key= -method= -body-data= -body-file= "
        "-http-user= -http-password="
    ),
    "kubectl": (
        "n=namespace l=selector o=output f=filename c=container k=kustomize p=patch s=server i:stdin t:tty A:all- "
        "namespaces R:recursive w:watch v=v -context= -kubeconfig= -cluster= -user= -token= -timeout= -image= -for= "
        "-type= -from-literal= -from-file= -field-selector= -to-revision= -replicas= -overrides= -env= -restart= "
        "-port= -from= -template= -sort-by= -since= -tail= -as= -as-group= -certificate-authority= -client-key= "
        "-client-certificate= -request-timeout= -grace-period= -field-manager= -labels= -serviceaccount="
    ),
    "docker": (
        "e=env v=volume p=publish u=user w=workdir l=label h=hostname m=memory c=cpu-shares a=attach f=file t=tag "
        "H=host P:publish-all d:detach i:interactive q:quiet -name= -network= -net= -entrypoint= -env-file= -mount= "
        "-restart= -add-host= -cap-add= -cap-drop= -cpus= -log-driver= -log-opt= -memory-swap= -platform= -pull= "
        "-security-opt= -shm-size= -ulimit= -health-cmd= -tmpfs= -dns= -ip= -ipc= -pid= -link= -network-alias= "
        "-volumes-from= -userns= -gpus= -device= -sysctl= -label-file= -cidfile= -pids-limit= -stop-timeout= -expose= "
        "-context= -config= -log-level= -image= -build-arg= -target= -project-name= -profile= -index= -update- "
        "failure-action="
    ),
    "aws": (
        "-profile= -region= -endpoint-url= -output= -query= -cli-input-json= -ca-bundle= -expected-size= -sse= -sse- "
        "kms-key-id= -storage-class= -acl= -bucket= -key= -body= -filters= -secret-id= -name= -db-instance- "
        "identifier= -db-snapshot-identifier= -include= -exclude= -content-type= -metadata= -prefix= -no-verify-ssl: "
        "-recursive: -only-show-errors: -quiet: -no-progress: -dryrun:"
    ),
    "gzip": ("S=suffix b=bits t:test d:decompress c:stdout k:keep f:force l:list n:no-name N:name q:quiet r:recursive v:verbose"),
    "cypher-shell": (
        "a=address u=username p=password d=database f=file P=param -encryption= -format= -uri= -access-mode= -connection-timeout="
    ),
    "neo4j-admin": "p=password -to-path= -from-path= -to= -from= -database= -backup-dir= -type= -address= -expand-commands:",
    "helm": (
        "n=namespace f=values i:install -version= -set= -set-string= -set-file= -timeout= -repo= -kube-context= "
        "-kubeconfig= -username= -password= -history-max= -ca-file= -cert-file= -key-file= -description= -output="
    ),
    "trivy": (
        "f=format o=output s=severity -exit-code= -severity= -format= -output= -ignorefile= -timeout= -scanners= "
        "-vuln-type= -pkg-types= -template= -cache-dir= -server= -token= -username= -password="
    ),
    "mysqldump": "h=host P=port u=user B:databases A:all-databases r=result-file",
    "mysql": "h=host P=port u=user e=execute D=database",
    "mongodump": "h=host u=username p=password d=db c=collection o=out -uri= -port= -archive= -authenticationDatabase= -host=",
}
_SAME = {
    "valkey-cli": "redis-cli",
    "podman": "docker",
    "nerdctl": "docker",
    "gunzip": "gzip",
    "zcat": "gzip",
    "mariadb-dump": "mysqldump",
    "mariadb": "mysql",
    "oc": "kubectl",
}
_SINGLE_DASH = frozenset(("redis-cli",))


class Option(NamedTuple):
    """An option of a command line: its long name (the letter where it has none), the index of its word, and where its value
    stands: index of the word and offset in it; ``at`` is None for an option without a value."""

    name: str
    word: int
    at: int | None = None
    offset: int = 0


class CommandLine(NamedTuple):
    """The options of a command line in order, and the indices of the words that are none (behind ``--``: all)."""

    options: list[Option]
    operands: list[int]

    def option(self, *names: str) -> Option | None:
        """The last option of one of these long names."""
        return next((one for one in reversed(self.options) if one.name in names), None)


class _Program(NamedTuple):
    short: dict[str, tuple[str, bool]]
    valued: frozenset[str]
    flags: frozenset[str]


@cache
def _program(name: str) -> _Program:
    short: dict[str, tuple[str, bool]] = {}
    valued: set[str] = set()
    flags: set[str] = set()
    for entry in _TABLE.get(_SAME.get(name, name), "").split():
        takes = "=" in entry
        letter, _, long = entry.partition("=" if takes else ":")
        if letter.startswith("-"):
            long = letter[1:]
        else:
            short[letter] = (long or letter, takes)
        (valued if takes else flags).add(long or letter)
    return _Program(short, frozenset(valued), frozenset(flags))


def is_known(program: str) -> bool:
    """Whether the options of a program are in the table."""
    return program in _TABLE or program in _SAME


def command_line(program: str, words: list[str]) -> CommandLine:
    """The options of ``words`` (the program first) by the program's table; of an unknown program no option takes the next word."""
    table = _program(program)
    options: list[Option] = []
    operands: list[int] = []
    index = 1
    while index < len(words):
        word = words[index]
        if word == "--":
            operands += range(index + 1, len(words))
            break
        if word.startswith("--") or (program in _SINGLE_DASH and word.startswith("-") and word[1:] in table.valued):
            index = _long(table, words, index, options)
        elif len(word) > 1 and word[0] == "-" and not word[1:].replace(".", "").isdigit():
            index = _short(table, words, index, options)
        else:
            operands.append(index)
            index += 1
    return CommandLine(options, operands)


def _long(table: _Program, words: list[str], index: int, options: list[Option]) -> int:
    name, equals, _ = words[index].lstrip("-").partition("=")
    if equals:
        options.append(Option(name, index, index, words[index].index("=") + 1))
    elif name in table.valued and index + 1 < len(words):
        options.append(Option(name, index, index + 1))
        return index + 2
    else:
        options.append(Option(name, index))
    return index + 1


def _short(table: _Program, words: list[str], index: int, options: list[Option]) -> int:
    word = words[index]
    for at in range(1, len(word)):
        name, takes = table.short.get(word[at], (word[at], False))
        if takes and at + 1 < len(word):
            options.append(Option(name, index, index, at + 1))
            return index + 1
        if takes and index + 1 < len(words):
            options.append(Option(name, index, index + 1))
            return index + 2
        options.append(Option(name, index))
    return index + 1
