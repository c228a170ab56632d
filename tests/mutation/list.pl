#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Lists mutants of C sources, one a line, in an order that follows from the seed: file, line, operator and the line's new
# text, with a tabulator between them. Every line that can be mutated has the same chance, and each comes once.
# list.pl SEED FILE…
# Left out are comments, the preprocessor, assertions (they are of our own mistakes) and what stands outside of functions but
# tables.
use strict;
use warnings;

my ($seed, @files) = @ARGV;

# The next of a sequence that is the same with every version of perl: 0 to BOUND - 1.
my $state = ($seed * 2654435761 + 1) % 4294967296;
sub below {
    my ($bound) = @_;
    $state = ($state * 1664525 + 1013904223) % 4294967296 for 1 .. 3;
    return int(($state >> 8) * $bound / 16777216);
}

# What is replaced by what; binary operators have blanks around them, as clang-format writes them.
my @replaced = (
    ['relation',   qr/(?<= )==(?= )/, '!='],         ['relation',   qr/(?<= )!=(?= )/, '=='],
    ['relation',   qr/(?<= )<(?= )/, '<='],          ['relation',   qr/(?<= )<=(?= )/, '<'],
    ['relation',   qr/(?<= )>(?= )/, '>='],          ['relation',   qr/(?<= )>=(?= )/, '>'],
    ['relation',   qr/(?<= )[<>](?= )/, '=='],
    ['logic',      qr/(?<= )&&(?= |$)/, '||'],       ['logic',      qr/(?<= )\|\|(?= |$)/, '&&'],
    ['negation',   qr/(?<=[( ])!(?=[\w(*])/, ''],
    ['arithmetic', qr/(?<= )\+(?= )/, '-'],          ['arithmetic', qr/(?<= )-(?= )/, '+'],
    ['arithmetic', qr/(?<=[\w)] )\*(?= )/, '/'],     ['arithmetic', qr{(?<= )/(?= )}, '*'],
    ['arithmetic', qr/(?<= )%(?= )/, '/'],
    ['bits',       qr/(?<= )&(?= )/, '|'],           ['bits',       qr/(?<= )\|(?= )/, '&'],
    ['bits',       qr/(?<= )\^(?= )/, '|'],          ['bits',       qr/(?<= )<<(?= )/, '>>'],
    ['bits',       qr/(?<= )>>(?= )/, '<<'],         ['bits',       qr/(?<=[ (=])~(?=[\w(])/, ''],
    ['assignment', qr/(?<= )\+=(?= )/, '-='],        ['assignment', qr/(?<= )-=(?= )/, '+='],
    ['assignment', qr/(?<= )\|=(?= )/, '&='],        ['assignment', qr/(?<= )&=(?= )/, '|='],
    ['assignment', qr/(?<= )\^=(?= )/, '|='],        ['assignment', qr/(?<= )[-+|^&]=(?= )/, '='],
    ['step',       qr/\+\+/, '--'],                  ['step',       qr/--/, '++'],
    ['constant',   qr/\btrue\b/, 'false'],           ['constant',   qr/\bfalse\b/, 'true'],
    ['constant',   qr/(?<![\w.])0\b(?!x)/, '1'],     ['constant',   qr/(?<![\w.])[1-9]\d*(?=\b|u|l)/, '0'],
    ['constant',   qr/(?<![\w.])([1-9]\d*)(?=\b|u|l)/, sub { $_[0] + 1 }],
    ['constant',   qr/(?<![\w.])([1-9]\d*)(?=\b|u|l)/, sub { $_[0] - 1 }],
);

# The line with strings and characters blanked out, so that nothing in them is taken for an operator.
sub blanked {
    my ($line) = @_;
    $line =~ s{("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')}{'_' x length $1}ge;
    return $line;
}

sub mutants_of {
    my ($line, $begins, $inside) = @_;
    my @found;
    my $code = blanked($line);
    for my $row (@replaced) {
        my ($name, $pattern, $by) = @$row;
        while ($code =~ /$pattern/g) {
            my ($from, $length) = ($-[0], $+[0] - $-[0]);
            my $new = ref $by ? $by->(substr $code, $from, $length) : $by;
            my $mutant = $line;
            substr($mutant, $from, $length) = $new;
            push @found, [$name, $mutant];
        }
    }
    return @found if !$inside;
    if ($code =~ /^(\s+return )(.*);$/ && $2 !~ /^(true|false|[\d]+)$/) {
        my ($head, $value) = ($1, substr $line, length $1, length $2);
        push @found, ['return', "${head}!($value);"], ['return', "${head}0;"];
    }
    # A whole statement on a line of its own. A removed declaration does not compile, and is then no mutant.
    (my $indent = $line) =~ s/\S.*//;
    push @found, ['removal', "$indent;"]
        if $begins && $code =~ /^\s+[\w*(+-].*;$/ && $code !~ /^\s+(?:return|goto|case|default|for|while|if|else|do)\b/;
    my $condition = $line;
    push @found, ['condition', $condition] if $code =~ /^\s+if \(.*\)(?: \{)?$/ && $condition =~ s/if \((.*)\)/if (!($1))/;
    return @found;
}

my @lines; # [file, number, mutants]
for my $file (@files) {
    open my $in, '<', $file or die "$file: $!\n";
    my ($comment, $inside, $begins) = (0, 0, 0);
    while (my $line = <$in>) {
        chomp $line;
        my $is_code = !$comment && $line !~ m{^\s*(?:/\*|//|#)|\bassert\(|/\*};
        $comment = 1 if $line =~ m{/\*};
        $comment = 0 if $line =~ m{\*/};
        $inside = 1 if $line =~ /^\{/;
        $inside = 0 if $line =~ /^\}/;
        my $is_table = !$inside && $line =~ /^\s+\S/ && $line !~ /;$/;
        if ($is_code && ($inside || $is_table)) {
            my @mutants = mutants_of($line, $begins, $inside);
            push @lines, [$file, $., @mutants] if @mutants;
        }
        $begins = $line =~ /[;{}):]$/ if $line =~ /\S/;
    }
}

for (my $left = @lines; $left > 0; $left--) {
    my $at = below($left);
    my ($file, $number, @mutants) = @{$lines[$at]};
    my ($operator, $text) = @{$mutants[below(scalar @mutants)]};
    print join("\t", $file, $number, $operator, $text), "\n";
    $lines[$at] = $lines[$left - 1];
}
