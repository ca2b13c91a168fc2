import { META_ENTRY_CASES } from './meta-entry-cases.ts';
import { answers, type ProtocolCase } from './protocol-cases.ts';

/**
 * Cases of meta commands, byte for byte as memcached 1.6.18 answers them. They were recorded from memcached, and are
 * replayed against it and against a controller, each on a fresh connection and an empty store with the default item
 * limit. No token occurs twice, so the cases have `#` in their place: see `withoutTokens`.
 *
 * Cases in which a controller differs, for a reason in docs/protocol.md, are left out.
 */

/** The largest value with the one-byte key `k` that memcached keeps in one piece. */
const VALUE_IN_ONE_PIECE = 524_288 - 59 - 1;

/** The output with tokens replaced, as in the table. */
export function withoutTokens(output: string): string {
  return output.replace(/( c|cas=)\d+/g, '$1#');
}

/** Lines with too few words, too many, or a key that is too long. */
const LINES: readonly ProtocolCase[] = [
  answers('mg\r\n', 'ERROR\r\n'),
  answers('ms\r\n', 'ERROR\r\n'),
  answers('md\r\n', 'ERROR\r\n'),
  answers('ma\r\n', 'ERROR\r\n'),
  answers('me\r\n', 'CLIENT_ERROR bad command line format\r\n'),
  answers('mx\r\n', 'ERROR\r\n'),
  answers('m\r\n', 'ERROR\r\n'),
  answers('mnx\r\n', 'ERROR\r\n'),
  answers('MG k v\r\n', 'ERROR\r\n'),
  answers('mn\r\n', 'MN\r\n'),
  answers('mn a b c\r\n', 'MN\r\n'),
  answers('mn\0\r\n', 'MN\r\n'),
  answers('mg\0 k\r\n', 'ERROR\r\n'),
  answers('mg k\r\n', 'EN\r\n'),
  answers('ms k\r\n', 'CLIENT_ERROR bad command line format\r\n'),
  answers('md k\r\n', 'NF\r\n'),
  answers('ma k\r\n', 'NF\r\n'),
  answers('me k\r\n', 'EN\r\n'),
  answers('mg  k  v  \r\n', 'EN\r\n'),
  answers('mg k v\0 s\r\n', 'EN\r\n'),
  answers(`mg ${'k'.repeat(250)} s\r\n`, 'EN\r\n'),
  answers(`mg ${'k'.repeat(251)} s\r\n`, 'CLIENT_ERROR bad command line format\r\n'),
  answers(`mg ${'k'.repeat(251)}\r\n`, 'CLIENT_ERROR bad command line format\r\n'),
  answers(
    `ms ${'k'.repeat(251)} 1 T0\r\nxx\r\nmn\r\n`,
    'CLIENT_ERROR bad command line format\r\nERROR\r\nMN\r\n',
  ),
  answers(`md ${'k'.repeat(251)} q\r\n`, 'CLIENT_ERROR bad command line format\r\n'),
  answers(`ma ${'k'.repeat(251)}\r\n`, 'CLIENT_ERROR bad command line format\r\n'),
  answers(`me ${'k'.repeat(251)}\r\n`, 'CLIENT_ERROR bad command line format\r\n'),
  answers('mg k c f h k l O1 q s t v u T0 N0 R0 P L I\r\n', 'VA 0 c# f0 h0 kk l0 O1 s0 t-1 W\r\n\r\n'),
  answers('mg k c f h k l O1 q s t v u T0 N0 R0 P L I M\r\n', 'CLIENT_ERROR options flags are too long\r\n'),
  answers('ms k 1 c f h k l O q s t v u T0 N0 R0 P L\r\nx\r\nmn\r\n', 'MN\r\n'),
  answers(
    'ms k 1 c f h k l O q s t v u T0 N0 R0 P L I\r\nx\r\nmn\r\n',
    'CLIENT_ERROR options flags too long\r\nERROR\r\nMN\r\n',
  ),
  answers('md k a b c d e f g h i j k l m n o p q r\r\n', 'CLIENT_ERROR options flags too long\r\n'),
  answers('ma k a b c d e f g h i j k l m n o p q r\r\n', 'CLIENT_ERROR options flags too long\r\n'),
  answers('ms k 1 T0\nx\r\nmg k v\nmn\n', 'HD\r\nVA 1\r\nx\r\nMN\r\n'),
];

/** Every command knows and checks every flag. */
const FLAGS: readonly ProtocolCase[] = [
  answers('mg k s s\r\n', 'CLIENT_ERROR duplicate flag\r\n'),
  answers('mg k ss\r\n', 'EN\r\n'),
  answers('mg k Z\r\n', 'CLIENT_ERROR invalid flag\r\n'),
  answers('mg k W\r\n', 'CLIENT_ERROR invalid flag\r\n'),
  answers('mg k S\r\n', 'CLIENT_ERROR invalid flag\r\n'),
  answers('mg k z z\r\n', 'CLIENT_ERROR invalid flag\r\n'),
  answers('mg k \xff\r\n', 'CLIENT_ERROR duplicate flag\r\n'),
  answers('mg k \x7f\r\n', 'CLIENT_ERROR duplicate flag\r\n'),
  answers('mg k ~\r\n', 'CLIENT_ERROR invalid flag\r\n'),
  answers('mg k -\r\n', 'CLIENT_ERROR invalid flag\r\n'),
  answers('mg k F\r\n', 'CLIENT_ERROR bad command line format\r\n'),
  answers('mg k F5\r\n', 'EN\r\n'),
  answers('mg k Fx\r\n', 'CLIENT_ERROR bad command line format\r\n'),
  answers('mg k C\r\n', 'CLIENT_ERROR bad token in command line format\r\n'),
  answers('mg k Cx\r\n', 'CLIENT_ERROR bad token in command line format\r\n'),
  answers('mg k C5\r\n', 'EN\r\n'),
  answers('mg k M\r\n', 'CLIENT_ERROR incorrect length for M token\r\n'),
  answers('mg k MA\r\n', 'EN\r\n'),
  answers('mg k MAB\r\n', 'CLIENT_ERROR incorrect length for M token\r\n'),
  answers('mg k J\r\n', 'CLIENT_ERROR invalid numeric initial value\r\n'),
  answers('mg k Jx\r\n', 'CLIENT_ERROR invalid numeric initial value\r\n'),
  answers('mg k D\r\n', 'CLIENT_ERROR invalid numeric delta value\r\n'),
  answers('mg k Dx\r\n', 'CLIENT_ERROR invalid numeric delta value\r\n'),
  answers('mg k N\r\n', 'CLIENT_ERROR bad token in command line format\r\n'),
  answers('mg k Nx\r\n', 'CLIENT_ERROR bad token in command line format\r\n'),
  answers('mg k T\r\n', 'CLIENT_ERROR bad token in command line format\r\n'),
  answers('mg k Tx\r\n', 'CLIENT_ERROR bad token in command line format\r\n'),
  answers('mg k T30\r\n', 'EN\r\n'),
  answers('mg k R\r\n', 'CLIENT_ERROR bad token in command line format\r\n'),
  answers('mg k Rx\r\n', 'CLIENT_ERROR bad token in command line format\r\n'),
  answers('mg k R30\r\n', 'EN\r\n'),
  answers('mg k T99999999999\r\n', 'EN\r\n'),
  answers('mg k T99999999999999999999\r\n', 'CLIENT_ERROR bad token in command line format\r\n'),
  answers('mg k Fx Tx\r\n', 'CLIENT_ERROR bad token in command line format\r\n'),
  answers('mg k Tx Fx\r\n', 'CLIENT_ERROR bad token in command line format\r\n'),
  answers('mg k Fx Cx Dx\r\n', 'CLIENT_ERROR invalid numeric delta value\r\n'),
  answers('mg k Tx Z\r\n', 'CLIENT_ERROR invalid flag\r\n'),
  answers('mg k Tx T1\r\n', 'CLIENT_ERROR duplicate flag\r\n'),
  answers('mg k Tx b\r\n', 'CLIENT_ERROR error decoding key\r\n'),
  answers('mg k b Tx\r\n', 'CLIENT_ERROR bad token in command line format\r\n'),
  answers(`mg k MXX O${'o'.repeat(40)}\r\n`, 'CLIENT_ERROR incorrect length for M token\r\n'),
  answers('mg k L P I Labc Pabc\r\n', 'CLIENT_ERROR duplicate flag\r\n'),
  answers('mg k Labc Pabc Iabc qabc\r\n', ''),
];

/** A key in base64 is returned as the client sent it. */
const KEYS: readonly ProtocolCase[] = [
  answers('mg !! b v\r\n', 'CLIENT_ERROR error decoding key\r\n'),
  answers('mg Zm9 b v\r\n', 'CLIENT_ERROR error decoding key\r\n'),
  answers('mg Zm8 b v k\r\n', 'CLIENT_ERROR error decoding key\r\n'),
  answers('mg Zm8= b v k\r\n', 'EN kZm8= b\r\n'),
  answers('mg Zm8= b\r\n', 'EN\r\n'),
  answers('mg Zm9v! b k\r\n', 'EN kZm9v b\r\n'),
  answers('mg Z!m!9v b k\r\n', 'EN kZm9v b\r\n'),
  answers('mg Zm9=Zm9v b k\r\n', 'EN kZm8= b\r\n'),
  answers('mg ==== b k\r\n', 'CLIENT_ERROR error decoding key\r\n'),
  answers('mg Zg== b k\r\n', 'EN kZg== b\r\n'),
  answers('mg Zh== b k\r\n', 'EN kZg== b\r\n'),
  answers('mg Z=== b k\r\n', 'CLIENT_ERROR error decoding key\r\n'),
  answers('mg =Zm9 b k\r\n', 'EN kAZk= b\r\n'),
  answers('mg Zm-_ b k\r\n', 'CLIENT_ERROR error decoding key\r\n'),
  answers('mg Zm9vZ=== b k\r\n', 'CLIENT_ERROR error decoding key\r\n'),
  answers('mg AAAA b k\r\n', 'EN kAAAA b\r\n'),
  answers('mg Zm9v b k v O1\r\n', 'EN kZm9v b O1\r\n'),
  answers('mg Zm9v k b v O1\r\n', 'EN kZm9v b O1\r\n'),
  answers('ms k 1 b\r\nx\r\nmn\r\n', 'CLIENT_ERROR error decoding key\r\nMN\r\n'),
  answers(
    'ms Zm9v 3 b k\r\nbar\r\nmg Zm9v b k v\r\nget foo\r\n',
    'HD kZm9v b\r\nVA 3 kZm9v b\r\nbar\r\nVALUE foo 0 3\r\nbar\r\nEND\r\n',
  ),
  answers(
    'ms DQoN 1 b k\r\nx\r\nmg DQoN b k v\r\nme DQoN b\r\nmd DQoN b k\r\n',
    'HD kDQoN b\r\nVA 1 kDQoN b\r\nx\r\nME DQoN exp=-1 la=0 cas=# fetch=yes cls=1 size=63\r\nHD kDQoN b\r\n',
  ),
  answers(
    'ms Zm8= 2 b\r\n10\r\nma Zm8= b k v\r\nma Zm8= k b\r\n',
    'HD\r\nVA 2 kZm8= b\r\n11\r\nHD kZm8= b\r\n',
  ),
  answers(
    'ms AAEC/w== 1 b k O1\r\nx\r\nmg AAEC/w== v O2 b k\r\nmd AAEC/w== k b\r\nmg AAEC/w== b\r\n',
    'HD kAAEC/w== b O1\r\nVA 1 O2 kAAEC/w== b\r\nx\r\nHD kAAEC/w== b\r\nEN\r\n',
  ),
  answers('md k b\r\n', 'CLIENT_ERROR invalid or duplicate flag\r\n'),
  answers('ma k b\r\n', 'CLIENT_ERROR invalid or duplicate flag\r\n'),
  answers('me k b\r\n', 'CLIENT_ERROR bad command line format\r\n'),
  answers('me Zm9v b\r\n', 'EN\r\n'),
  answers('me !! b\r\n', 'CLIENT_ERROR bad command line format\r\n'),
];

const OPAQUES: readonly ProtocolCase[] = [
  answers('mg k O123 k\r\n', 'EN O123 kk\r\n'),
  answers('mg k k O123\r\n', 'EN kk O123\r\n'),
  answers('mg k O\r\n', 'EN O\r\n'),
  answers(`mg k O${'o'.repeat(30)}\r\n`, `EN O${'o'.repeat(30)}\r\n`),
  answers(`mg k O${'o'.repeat(31)}\r\n`, `EN O${'o'.repeat(31)}\r\n`),
  answers(`mg k O${'o'.repeat(32)}\r\n`, 'CLIENT_ERROR opaque token too long\r\n'),
  answers(`mg k k O${'o'.repeat(40)} q\r\n`, 'CLIENT_ERROR opaque token too long\r\n'),
  answers(
    `ms k 1 T0\r\nx\r\nmg k v O${'o'.repeat(31)}\r\nmg k v O${'o'.repeat(32)}\r\n`,
    `HD\r\nVA 1 O${'o'.repeat(31)}\r\nx\r\nCLIENT_ERROR opaque token too long\r\n`,
  ),
  answers(`ms k 1 T0 O${'o'.repeat(40)}\r\nx\r\nmn\r\n`, 'CLIENT_ERROR opaque token too long\r\nMN\r\n'),
  answers(
    `ms k 1 O${'o'.repeat(40)} MX\r\nx\r\nmn\r\n`,
    'CLIENT_ERROR invalid mode for ms M token\r\nMN\r\n',
  ),
  answers(
    `ms k 1 O${'o'.repeat(40)} Tx\r\nx\r\nmn\r\n`,
    'CLIENT_ERROR bad token in command line format\r\nMN\r\n',
  ),
  answers(
    `ms k 1048576 O${'o'.repeat(40)}\r\n${'v'.repeat(1048576)}\r\nmn\r\n`,
    'CLIENT_ERROR opaque token too long\r\nMN\r\n',
  ),
  answers(`md k O${'o'.repeat(40)}\r\n`, 'CLIENT_ERROR opaque token too long\r\n'),
  answers(`ma k O${'o'.repeat(40)} MX\r\n`, 'CLIENT_ERROR invalid mode for ma M token\r\n'),
  answers(`ma k O${'o'.repeat(40)}\r\nmg k v\r\n`, 'CLIENT_ERROR opaque token too long\r\nEN\r\n'),
  answers(
    'ms k 1 O1 k\r\nx\r\nms k 1 k O2 ME\r\nx\r\nmd k O3 k\r\nmd k k O4\r\nma k O5 k\r\n',
    'HD O1 kk\r\nNS kk O2\r\nHD O3 kk\r\nNF kk O4\r\nNF O5 kk\r\n',
  ),
];

const GETS: readonly ProtocolCase[] = [
  answers('ms k 1\r\nx\r\nmg k\r\n', 'HD\r\nHD\r\n'),
  answers('ms k 1\r\nx\r\nmg k v\r\n', 'HD\r\nVA 1\r\nx\r\n'),
  answers('ms k 1\r\nx\r\nmg k s\r\n', 'HD\r\nHD s1\r\n'),
  answers('ms k 0\r\n\r\nmg k v s\r\n', 'HD\r\nVA 0 s0\r\n\r\n'),
  answers('ms k 4 F4294967295\r\n\r\n\r\n\r\nmg k v f s\r\n', 'HD\r\nVA 4 f4294967295 s4\r\n\r\n\r\n\r\n'),
  answers('ms k 1 T0 F9\r\nx\r\nmg k s v t f k h l O9 q\r\n', 'HD\r\nVA 1 s1 t-1 f9 kk h0 l0 O9\r\nx\r\n'),
  answers(
    'ms k 1 T100 F9\r\nx\r\nmg k h k t v\r\nmg k h\r\nmg k h\r\n',
    'HD\r\nVA 1 h0 kk t100\r\nx\r\nHD h1\r\nHD h1\r\n',
  ),
  answers(
    'ms k 1 T100\r\nx\r\nmg k t\r\nget k\r\nmg k h t l\r\n',
    'HD\r\nHD t100\r\nVALUE k 0 1\r\nx\r\nEND\r\nHD h1 t100 l0\r\n',
  ),
  answers('ms k 1\r\nx\r\nmg k c\r\ngets x\r\n', 'HD\r\nHD c#\r\nEND\r\n'),
  answers('mg k q\r\nmn\r\n', 'MN\r\n'),
  answers('mg k v q k O1\r\nmn\r\n', 'MN\r\n'),
  answers('ms k 1\r\nx\r\nmg k k O1 q v\r\nmg k q\r\nmn\r\n', 'HD\r\nVA 1 kk O1\r\nx\r\nHD\r\nMN\r\n'),
  answers(
    'ms k 1\r\nx\r\nmg k T30 t\r\nmg k t T40\r\nmg k t\r\nmg k T0 t\r\n',
    'HD\r\nHD t30\r\nHD t30\r\nHD t40\r\nHD t-1\r\n',
  ),
  answers('ms k 1 T100\r\nx\r\nmg k T-1\r\nmg k v\r\n', 'HD\r\nHD\r\nEN\r\n'),
  answers('ms k 1\r\nx\r\nmg k F5 C5 MA J5 D5 I v\r\n', 'HD\r\nVA 1\r\nx\r\n'),
];

const SETS: readonly ProtocolCase[] = [
  answers('ms k 1\r\nx\r\nmn\r\n', 'HD\r\nMN\r\n'),
  answers('ms k 1 q\r\nx\r\nmn\r\n', 'MN\r\n'),
  answers('ms k 1 k O1 q\r\nx\r\nmn\r\n', 'MN\r\n'),
  answers('ms k 1 c k\r\nx\r\n', 'HD c# kk\r\n'),
  answers(
    'ms k 1 k c O7\r\nx\r\nms k 1 ME c k O7\r\nx\r\nms k 1 C1 c\r\nx\r\nms z 1 C1 c k\r\nx\r\nms k 1 q k C1\r\nx\r\nms z 1 MR q\r\nx\r\n',
    'HD kk c# O7\r\nNS c# kk O7\r\nEX c#\r\nNF c# kz\r\nEX kk\r\nNS\r\n',
  ),
  answers('ms  k  1  T0 \r\nx\r\nmn\r\n', 'HD\r\nMN\r\n'),
  answers('ms k 1\0 T0\r\nx\r\nmn\r\n', 'HD\r\nMN\r\n'),
  answers('ms k 1 T0 \0\r\nx\r\nmn\r\n', 'HD\r\nMN\r\n'),
  answers('ms k +1\r\nx\r\nmn\r\n', 'HD\r\nMN\r\n'),
  answers('ms k 4294967297\r\nx\r\nmn\r\n', 'HD\r\nMN\r\n'),
  answers('ms k S1\r\nx\r\nmn\r\n', 'CLIENT_ERROR bad command line format\r\nERROR\r\nMN\r\n'),
  answers('ms k -1 T0\r\nxx\r\nmn\r\n', 'CLIENT_ERROR bad command line format\r\nERROR\r\nMN\r\n'),
  answers('ms k abc T0\r\nxx\r\nmn\r\n', 'CLIENT_ERROR bad command line format\r\nERROR\r\nMN\r\n'),
  answers('ms k 2147483646\r\nxx\r\nmn\r\n', 'CLIENT_ERROR bad command line format\r\nERROR\r\nMN\r\n'),
  answers('ms k 2147483648\r\nxx\r\nmn\r\n', 'CLIENT_ERROR bad command line format\r\nERROR\r\nMN\r\n'),
  answers('ms k 1 S100\r\nx\r\nmn\r\n', 'CLIENT_ERROR invalid flag\r\nMN\r\n'),
  answers('ms k 1 zz\r\nx\r\nmn\r\n', 'CLIENT_ERROR invalid flag\r\nMN\r\n'),
  answers('ms k 1 T0 T0\r\nx\r\nmn\r\n', 'CLIENT_ERROR duplicate flag\r\nMN\r\n'),
  answers('ms k 1 Fx\r\nx\r\nmn\r\n', 'CLIENT_ERROR bad command line format\r\nMN\r\n'),
  answers('ms k 1 F-1\r\nx\r\nmn\r\n', 'CLIENT_ERROR bad command line format\r\nMN\r\n'),
  answers('ms k 1 F\r\nx\r\nmn\r\n', 'CLIENT_ERROR bad command line format\r\nMN\r\n'),
  answers('ms k 1 T\r\nx\r\nmn\r\n', 'CLIENT_ERROR bad token in command line format\r\nMN\r\n'),
  answers('ms k 1 C\r\nx\r\nmn\r\n', 'CLIENT_ERROR bad token in command line format\r\nMN\r\n'),
  answers('ms k 3 zz\r\nabcdef\r\nmn\r\n', 'CLIENT_ERROR invalid flag\r\nERROR\r\nMN\r\n'),
  answers('ms k 3 T0\r\nabcdef\r\nmn\r\n', 'CLIENT_ERROR bad data chunk\r\nERROR\r\nMN\r\n'),
  answers('ms k 3 T0 q\r\nabcdef\r\nmn\r\n', 'CLIENT_ERROR bad data chunk\r\nERROR\r\nMN\r\n'),
  answers('ms k 3 T0\r\nab\r\nmn\r\n\r\n', 'CLIENT_ERROR bad data chunk\r\nERROR\r\nERROR\r\n'),
  answers('ms k 1 T-1\r\nx\r\nmg k\r\n', 'HD\r\nEN\r\n'),
  answers(
    'ms k 1 T100 F7\r\nx\r\nmg k t f\r\nms k 1\r\nx\r\nmg k t f\r\n',
    'HD\r\nHD t100 f7\r\nHD\r\nHD t-1 f0\r\n',
  ),
  answers('ms k 1 F4294967296\r\nx\r\nmg k f\r\n', 'HD\r\nHD f0\r\n'),
  answers('ms k 1 MX\r\nx\r\nmn\r\n', 'CLIENT_ERROR invalid mode for ms M token\r\nMN\r\n'),
  answers('ms k 1 Me\r\nx\r\nmn\r\n', 'CLIENT_ERROR invalid mode for ms M token\r\nMN\r\n'),
  answers('ms k 1 M\r\nx\r\nmn\r\n', 'CLIENT_ERROR incorrect length for M token\r\nMN\r\n'),
  answers('ms k 1 Madd\r\nx\r\nmn\r\n', 'CLIENT_ERROR incorrect length for M token\r\nMN\r\n'),
  answers('ms k 1 ME\r\nx\r\nms k 1 ME\r\ny\r\nmg k v\r\n', 'HD\r\nNS\r\nVA 1\r\nx\r\n'),
  answers(
    'ms k 1 MA\r\nx\r\nms k 1 MP\r\ny\r\nms k 1 MR\r\ny\r\nms k 1 MS\r\ny\r\nms k 1 MA\r\nx\r\nms k 1 MP\r\np\r\nmg k v\r\nms k 1 MR\r\nr\r\nmg k v\r\n',
    'NS\r\nNS\r\nNS\r\nHD\r\nHD\r\nHD\r\nVA 3\r\npyx\r\nHD\r\nVA 1\r\nr\r\n',
  ),
  answers(
    'ms k 1 F3 T90\r\nx\r\nms k 1 MA F5 T10\r\ny\r\nmg k v f t\r\n',
    'HD\r\nHD\r\nVA 2 f3 t90\r\nxy\r\n',
  ),
  answers(
    'ms k 1 C5\r\nx\r\nms k 1 C5 MA\r\nx\r\nms k 1 C5 MR\r\nx\r\nms k 1 C5 ME\r\nx\r\nms k 1 C5 ME\r\nx\r\nms k 1 C5 MA k O1\r\nx\r\nms k 1 C5 MP q\r\nx\r\nmn\r\n',
    'NF\r\nNS\r\nNF\r\nHD\r\nNS\r\nEX kk O1\r\nEX\r\nMN\r\n',
  ),
  answers(
    'ms k 1\r\nx\r\nms k 1 C0\r\ny\r\nms k 1 C0 MA\r\ny\r\nmg k v\r\n',
    'HD\r\nEX\r\nHD\r\nVA 2\r\nxy\r\n',
  ),
  answers('ms k 1 I C5 q\r\nx\r\nmn\r\n', 'NF\r\nMN\r\n'),
  answers('ms k 1 I\r\nx\r\nmg k v\r\n', 'HD\r\nVA 1\r\nx\r\n'),
  answers(
    `ms k 1048576 T0\r\n${'v'.repeat(1048576)}\r\nmn\r\n`,
    'SERVER_ERROR object too large for cache\r\nMN\r\n',
  ),
  answers(
    `ms k 1048576 T0 q k O1\r\n${'v'.repeat(1048576)}\r\nmn\r\n`,
    'SERVER_ERROR object too large for cache\r\nMN\r\n',
  ),
  answers(`ms k 1048576 zz\r\n${'v'.repeat(1048576)}\r\nmn\r\n`, 'CLIENT_ERROR invalid flag\r\nMN\r\n'),
  answers(
    `ms k 1\r\nx\r\nms k 1048576 ME\r\n${'v'.repeat(1048576)}\r\nmg k v\r\nmn\r\n`,
    'HD\r\nSERVER_ERROR object too large for cache\r\nEN\r\nMN\r\n',
  ),
  answers(
    `ms k 1\r\nx\r\nms k 1048576 MA q\r\n${'v'.repeat(1048576)}\r\nmg k v\r\nmn\r\n`,
    'HD\r\nSERVER_ERROR object too large for cache\r\nEN\r\nMN\r\n',
  ),
];

const DELETES: readonly ProtocolCase[] = [
  answers('md k q\r\nmn\r\n', 'NF\r\nMN\r\n'),
  answers('md k k q O1\r\nmn\r\n', 'NF kk O1\r\nMN\r\n'),
  answers('md k zz z\r\n', 'CLIENT_ERROR invalid or duplicate flag\r\n'),
  answers('md k E\r\n', 'CLIENT_ERROR invalid or duplicate flag\r\n'),
  answers('md k Tx\r\n', 'CLIENT_ERROR invalid or duplicate flag\r\n'),
  answers('ms k 1\r\nx\r\nmd k q\r\nmg k v\r\nmn\r\n', 'HD\r\nEN\r\nMN\r\n'),
  answers('ms k 1\r\nx\r\nmd k k O1 s\r\nmg k v\r\n', 'HD\r\nHD kk O1\r\nEN\r\n'),
  answers(
    'ms k 1\r\nx\r\nmd k C1 k O1\r\nmd k C1 q\r\nmd k C0\r\nmd k C\r\nmg k\r\n',
    'HD\r\nEX kk O1\r\nEX\r\nEX\r\nCLIENT_ERROR invalid or duplicate flag\r\nHD\r\n',
  ),
  answers('ms k 1\r\nx\r\nmd k T30\r\nmg k t\r\n', 'HD\r\nHD\r\nEN\r\n'),
];

const ARITHMETIC: readonly ProtocolCase[] = [
  answers('ma k\r\n', 'NF\r\n'),
  answers('ma k q k\r\nmn\r\n', 'NF kk\r\nMN\r\n'),
  // memcached compares the token first when it keeps the value in one piece; for a larger value it first checks that it
  // is a number.
  answers(
    `set k 0 0 ${VALUE_IN_ONE_PIECE}\r\n${'1'.repeat(VALUE_IN_ONE_PIECE)}\r\nma k C1\r\n`,
    'STORED\r\nEX\r\n',
  ),
  answers(
    `set k 0 0 ${VALUE_IN_ONE_PIECE + 1}\r\n${'1'.repeat(VALUE_IN_ONE_PIECE + 1)}\r\nma k C1\r\n`,
    'STORED\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\n',
  ),
  answers('ma k J5 v\r\n', 'NF\r\n'),
  answers('ma k N0\r\nma k v\r\n', 'HD\r\nVA 1\r\n1\r\n'),
  answers(
    'ma k N0 J5 v\r\nma k v\r\nma k D10 v\r\nma k M- v D100 t\r\n',
    'VA 1\r\n5\r\nVA 1\r\n6\r\nVA 2\r\n16\r\nVA 1 t-1\r\n0\r\n',
  ),
  answers('ma k N0 J5 v q\r\nma k v q\r\nma k q\r\nma j q\r\nmn\r\n', 'VA 1\r\n5\r\nNF\r\nMN\r\n'),
  answers('ma k N100 J5 t T20\r\nma k T30 t\r\nmg k v t\r\n', 'HD t100\r\nHD t30\r\nVA 1 t30\r\n6\r\n'),
  answers('ma k T20 t N30\r\nmg k t\r\n', 'HD t20\r\nHD t30\r\n'),
  answers('ma k N30 t T20\r\nmg k t\r\n', 'HD t30\r\nHD t20\r\n'),
  answers('ma k t N30\r\nmg k t\r\n', 'HD t-1\r\nHD t30\r\n'),
  answers('ma k N0 J18446744073709551615 v\r\nma k v\r\n', 'VA 20\r\n18446744073709551615\r\nVA 1\r\n0\r\n'),
  answers('ma k N0 J18446744073709551616 v\r\n', 'CLIENT_ERROR invalid or duplicate flag\r\n'),
  answers('ma k Nx\r\n', 'CLIENT_ERROR invalid or duplicate flag\r\n'),
  answers('ma k Jx\r\n', 'CLIENT_ERROR invalid or duplicate flag\r\n'),
  answers('ma k Dx\r\n', 'CLIENT_ERROR invalid or duplicate flag\r\n'),
  answers('ma k D-1\r\n', 'CLIENT_ERROR invalid or duplicate flag\r\n'),
  answers('ma k MI\r\n', 'NF\r\n'),
  answers('ma k M+\r\n', 'NF\r\n'),
  answers('ma k MD\r\n', 'NF\r\n'),
  answers('ma k M-\r\n', 'NF\r\n'),
  answers('ma k MX\r\n', 'CLIENT_ERROR invalid mode for ma M token\r\n'),
  answers('ma k Mi\r\n', 'CLIENT_ERROR invalid mode for ma M token\r\n'),
  answers('ma k MIncr\r\n', 'CLIENT_ERROR invalid or duplicate flag\r\n'),
  answers('ma k M\r\n', 'CLIENT_ERROR invalid or duplicate flag\r\n'),
  answers('ma k b\r\n', 'CLIENT_ERROR invalid or duplicate flag\r\n'),
  answers(
    'ms k 1\r\nx\r\nma k\r\nma k q\r\nmn\r\n',
    'HD\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\nMN\r\n',
  ),
  answers('ms k 2\r\n10\r\nma k MD D9 v\r\n', 'HD\r\nVA 1\r\n1\r\n'),
  answers(
    'ms k 2\r\n10\r\nma k C5 k O1\r\nma k C5 q\r\nma k C0 v\r\nmn\r\n',
    'HD\r\nEX kk O1\r\nEX\r\nVA 2\r\n11\r\nMN\r\n',
  ),
  answers(
    'ms k 1\r\n5\r\nma k C0 k\r\nma k v O1 k c t\r\nma k v q O2\r\nmn\r\n',
    'HD\r\nHD kk\r\nVA 1 O1 kk c# t-1\r\n7\r\nMN\r\n',
  ),
  answers('ma k N0 C5 v\r\n', 'VA 1\r\n0\r\n'),
  answers('ms k 1 F7\r\n5\r\nma k\r\nmg k v f\r\n', 'HD\r\nHD\r\nVA 1 f7\r\n6\r\n'),
];

export const META_CASES: readonly ProtocolCase[] = [
  ...LINES,
  ...FLAGS,
  ...KEYS,
  ...OPAQUES,
  ...GETS,
  ...SETS,
  ...DELETES,
  ...ARITHMETIC,
  ...META_ENTRY_CASES,
];
