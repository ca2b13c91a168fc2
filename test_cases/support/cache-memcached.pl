# Drives the Perl client Cache::Memcached against one controller; dies at the first wrong reply.
use strict;
use warnings;
use Cache::Memcached;

my ($address) = @ARGV;
my $client = Cache::Memcached->new({ servers => [$address], compress_threshold => 10_000 });

sub check {
  my ($what, $right) = @_;
  die "$what\n" unless $right;
}

check('flush_all', $client->flush_all);
check('set', $client->set('perl', 'value'));
check('get', $client->get('perl') eq 'value');
check('add over a value', !$client->add('perl', 'other'));
check('add', $client->add('perl-added', 'added'));
check('replace', $client->replace('perl', 'replaced'));
check('replace of nothing', !$client->replace('perl-none', 'x'));
check('append', $client->append('perl', '-end'));
check('prepend', $client->prepend('perl', 'start-'));
check('get after append and prepend', $client->get('perl') eq 'start-replaced-end');
check('set of a structure', $client->set('perl-structure', { list => [1, 2, 3] }));
check('get of a structure', $client->get('perl-structure')->{list}[2] == 3);
check('set of a large value', $client->set('perl-large', 'x' x 500_000));
check('get of a large value', length($client->get('perl-large')) == 500_000);
check('set of a number', $client->set('perl-number', 41));
check('incr', $client->incr('perl-number') == 42);
check('decr', $client->decr('perl-number', 2) == 40);
my $many = $client->get_multi('perl', 'perl-number', 'perl-none');
check('get_multi', keys(%$many) == 2 && $many->{perl} eq 'start-replaced-end');
check('delete', $client->delete('perl'));
check('get after delete', !defined $client->get('perl'));
check('stats', $client->stats('misc')->{hosts}{$address}{misc}{cmd_get} > 0);
print "all answers were right\n";
