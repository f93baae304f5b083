// Prints what deploy/compose/mongo-setup.js would have a new MongoDB do, as JSON: run as it is, with
// the few names of mongosh that it uses, on a server without users.
const done = [];
const secrets = { readFileSync: (path) => `secret of ${path.split('/').pop()}\n` };
const database = (name) => ({
  auth: () => { if (!done.length) throw new Error('no users yet'); },
  adminCommand: () => ({}),
  hello: () => ({ isWritablePrimary: true }),
  getSiblingDB: database,
  getUser: () => null,
  getRole: () => null,
  createUser: ({ user, ...rest }) => done.push({ database: name, createUser: user, ...rest }),
  createRole: ({ role, ...rest }) => done.push({ database: name, createRole: role, ...rest }),
});
const source = require('fs').readFileSync(process.argv[2], 'utf8');
new Function('require', 'connect', 'sleep', 'print', source)(
  () => secrets, () => database('admin'), () => {}, () => {},
);
console.log(JSON.stringify(done));
