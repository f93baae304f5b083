// Makes the replica set, its roles and users; brings roles of an earlier version up to date. Run by
// mongosh on MongoDB's own host: without users it allows the first one from there only.
const fs = require('fs');
const secret = (name) => fs.readFileSync(`/run/secrets/${name}`, 'utf8').trim();
const rootPassword = secret('mongo_root_password');

const client = connect('mongodb://127.0.0.1:27017/admin?directConnection=true');
const wait = (ready) => { while (!ready()) sleep(200); };

try {
  client.auth('root', rootPassword);
} catch (error) {
  try {
    client.adminCommand({
      replSetInitiate: { _id: 'newsflow', members: [{ _id: 0, host: 'mongo:27017' }] },
    });
  } catch (initiated) {
    print(`replica set: ${initiated.codeName}`);
  }
  wait(() => client.hello().isWritablePrimary);
  client.createUser({ user: 'root', pwd: rootPassword, roles: ['root'] });
  client.auth('root', rootPassword);
}

wait(() => client.hello().isWritablePrimary);
const newsflow = client.getSiblingDB('newsflow');

// The store and `newsflow reenrich`: they write, and keep validators and indexes as they want them.
// They delete nothing; what expires, MongoDB removes itself.
const on = (collection, actions) => ({ resource: { db: 'newsflow', collection }, actions });
const making = ['createCollection', 'createIndex', 'dropIndex', 'listIndexes', 'collMod'];
const writing = ['find', 'insert', 'update'];
const reading = ['find', 'listIndexes', 'changeStream'];
const roles = {
  newsflow_store: [
    on('articles', [...writing, ...making]),
    on('article_revisions', [...writing, ...making]),
    on('newsflow_migrations', [...writing, 'createCollection']),
  ],
  // Whoever asks, follows or exports.
  newsflow_reader: [on('articles', reading), on('article_revisions', reading)],
};
for (const [role, privileges] of Object.entries(roles)) {
  if (newsflow.getRole(role)) {
    newsflow.updateRole(role, { privileges, roles: [] });
  } else {
    newsflow.createRole({ role, privileges, roles: [] });
  }
}

const users = {
  newsflow: { role: 'newsflow_store', password: 'mongo_newsflow_password' },
  console: { role: 'newsflow_reader', password: 'mongo_console_password' },
};
for (const [user, { role, password }] of Object.entries(users)) {
  const granted = [{ role, db: 'newsflow' }];
  if (newsflow.getUser(user)) {
    newsflow.updateUser(user, { roles: granted });
  } else {
    newsflow.createUser({ user, pwd: secret(password), roles: granted });
  }
}
print('replica set, roles and users are there');
